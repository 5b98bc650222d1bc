"""Where each expectation stands (docs/model.md, sections 2, 3 and 5)."""

import pytest
from economies import economy

from regspec.model.kernels import columns


@pytest.mark.parametrize("n", [1, 2, 3, 5])
@pytest.mark.parametrize("planner", [False, True])
@pytest.mark.parametrize("next_price", [False, True])
def test_columns_are_in_order_and_fit(n, planner, next_price):
    problem = economy([0.1] * n, next_price=next_price, steps=2, fine=16, nodes=1)
    const = problem.constants(0, planner)
    assert columns.is_planner(const) == planner and columns.has_next_price(const) == next_price
    market = [columns.IMPLIED_C, columns.FUTURE_VALUE, columns.PRODUCTIVITY]
    market += [columns.adjustment_column(n), columns.price_column(n), columns.wealth_column(n)]
    assert market == [0, 1, 2, 2 + n, 2 + 2 * n, 3 + 2 * n]
    plan = [columns.social_productivity_column(n), columns.social_adjustment_column(n), columns.log_value_column(n)]
    assert plan == [4 + 2 * n, 4 + 3 * n, 4 + 4 * n]
    last = columns.price_slope_column(n, n - 1) if planner else columns.price_column(n)
    last = max(last, columns.expected_price_column(const)) if next_price else last
    integrated = columns.integrated_columns(const)
    assert integrated == (plan[2] if planner else market[5]) + next_price
    assert last < len(const.columns) == columns.column_count(n, planner) and len(const.columns) % 4 == 0
