"""Pieces that pages share. They know Streamlit, and no SQL."""
