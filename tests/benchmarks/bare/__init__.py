"""A bare Streamlit page with the widgets of Medical Billing Tasks and fixed data."""
