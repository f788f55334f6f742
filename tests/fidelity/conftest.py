"""An org of its own for each comparison: none sees what another one changed."""

from collections.abc import Iterator

import pytest

from crm_sync.localorg.serve import LocalOrg

from .exchanges import Callers


@pytest.fixture
def callers() -> Iterator[Callers]:
    with LocalOrg(https=False) as org:
        yield Callers(org)
