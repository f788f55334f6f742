"""Opportunity: everything that follows from the stage and the close date.

Stages with their probability and forecast category are in ``objects/opportunity.json``; the default
probabilities are those of a new org (3), their forecast categories U. A stage that the list does
not hold is accepted (R: the picklist is not restricted) as open with probability 0 (U).
"""

from decimal import ROUND_HALF_UP, Decimal

from crm_sync.localorg.records import values
from crm_sync.localorg.records.rules.change import Change

_FORECAST_NAMES = {
    "Omitted": "Omitted",
    "Pipeline": "Pipeline",
    "BestCase": "Best Case",
    "Forecast": "Commit",
    "Closed": "Closed",
}
_FORECAST_CODES = {name: code for code, name in _FORECAST_NAMES.items()}


def _expected(amount: float, chance: float) -> float:
    """In decimals: a double would turn 1.005 into less than it is."""
    exact = Decimal(str(amount)) * Decimal(str(chance)) / 100
    return float(exact.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))


def apply(change: Change) -> None:
    new = change.new
    probability, category = change.object_type.stages.get(new["StageName"], (0, "Pipeline"))
    if change.changed("StageName"):
        if "Probability" not in change.given or new.get("Probability") is None:
            new["Probability"] = float(probability)
        if "ForecastCategoryName" not in change.given:
            new["ForecastCategoryName"] = _FORECAST_NAMES[category]
        new["LastStageChangeDate"] = (
            None if change.old is None else values.format_datetime(change.now)
        )
    new["ForecastCategory"] = _FORECAST_CODES.get(new.get("ForecastCategoryName") or "", category)
    new["IsClosed"] = int(category in ("Closed", "Omitted"))
    new["IsWon"] = int(category == "Closed")
    amount, chance = new.get("Amount"), new.get("Probability")
    new["ExpectedRevenue"] = None if amount is None or chance is None else _expected(amount, chance)
    year, month = int(new["CloseDate"][:4]), int(new["CloseDate"][5:7])
    quarter = (month + 2) // 3
    new |= {"FiscalYear": year, "FiscalQuarter": quarter, "Fiscal": f"{year} {quarter}"}
