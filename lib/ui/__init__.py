"""The pieces that pages share. Knows Streamlit; knows nothing of SQL."""
