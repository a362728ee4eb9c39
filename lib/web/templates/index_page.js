// Where the server is; Streamlit's frontend looks below the address of the page first.
window.__streamlit = { BACKEND_BASE_URL: location.origin, MAIN_PAGE_BASE_URL: location.origin }
// By then everything has come once; what holds while a page loads only costs time.
setTimeout(() => document.getElementById("bt-cold-load")?.remove(), 10_000)
// What stands on the left of some pages, and above the list, comes late: its place is kept until it is there.
for (const [name, what] of [["bt-menu-comes", "[data-testid=stSidebar]"], ["bt-filters-come", ".st-key-filters"]]) {
  if (!document.documentElement.classList.contains(name)) continue
  new MutationObserver((_, watch) => {
    if (!document.querySelector(what)) return
    document.documentElement.classList.remove(name)
    watch.disconnect()
  }).observe(document.documentElement, { childList: true, subtree: true })
}
