"""What one writes in an afternoon: the tasks as a pandas frame, filters, a page of fifty, one task.

streamlit run tests/benchmarks/bare/plain_pandas.py -- tasks.parquet
"""

import sys

import pandas as pd
import streamlit as st

SEARCHED = ["title", "claim_number", "patient_name", "payer_name", "provider_name", "codes"]
SHOWN = ["id", "title", "type", "patient_name", "payer_name", "amount", "due_on", "status"]
SIZE = 50


@st.cache_resource
def read() -> pd.DataFrame:
    """Return all tasks; everybody gets the same frame."""
    return pd.read_parquet(sys.argv[1])


def main() -> None:
    """Draw the list, and the task that was chosen."""
    every = read()
    words = st.text_input("Search", key="q")
    kinds = st.selectbox("Type", sorted(every["type"].unique()), index=None, key="type")
    payers = st.selectbox("Payer", sorted(every["payer_name"].unique()), index=None, key="payer")
    page = int(st.text_input("Page", key="from") or 1)
    chosen = st.text_input("Task", key="to")
    found = every
    if words:
        is_in = pd.Series(data=False, index=every.index)
        for column in SEARCHED:
            is_in |= every[column].str.contains(words, case=False, regex=False)
        found = every[is_in]
    else:
        found = every[every["is_open"]]
    if kinds:
        found = found[found["type"] == kinds]
    if payers:
        found = found[found["payer_name"] == payers]
    found = found.sort_values(["due_on", "id"])
    st.caption(f"{len(found):,} tasks, {found['amount'].sum():,.2f} US dollars")
    st.dataframe(found[SHOWN].iloc[(page - 1) * SIZE : page * SIZE], hide_index=True)
    if chosen:
        st.json(every[every["id"] == int(chosen)].iloc[0].astype(str).to_dict())


main()
