// Where the server is; Streamlit's frontend looks below the address of the page first.
window.__streamlit = { BACKEND_BASE_URL: location.origin, MAIN_PAGE_BASE_URL: location.origin }
// The list has a menu on its left, which comes late: its place is kept until it is there.
if (location.pathname === "/") {
  document.documentElement.classList.add("bt-menu-comes")
  new MutationObserver((_, watch) => {
    if (!document.querySelector("[data-testid=stSidebar]")) return
    document.documentElement.classList.remove("bt-menu-comes")
    watch.disconnect()
  }).observe(document.documentElement, { childList: true, subtree: true })
}
