// The search runs in a worker, and browsers start none for pages that lie on a disk. There a hidden
// frame runs its script instead: the part of a worker that the theme uses, and no more.
if (location.protocol === "file:") {
  window.Worker = class {
    onmessage = null;
    onerror = null;
    onmessageerror = null;
    #frame = document.createElement("iframe");
    #loaded;

    constructor(address) {
      this.#frame.hidden = true;
      this.#frame.title = "Search";
      document.body.append(this.#frame);
      const inside = this.#frame.contentWindow;
      inside.postMessage = (data) => this.onmessage?.({ data: structuredClone(data) });
      const script = inside.document.createElement("script");
      script.src = address;
      this.#loaded = new Promise((done) => script.addEventListener("load", done));
      script.addEventListener("error", (event) => this.onerror?.(event));
      inside.document.body.append(script);
    }

    async postMessage(data) {
      const sent = structuredClone(data);
      await this.#loaded;
      this.#frame.contentWindow?.onmessage({ data: sent });
    }

    terminate() {
      this.#frame.remove();
    }
  };
}
