// Where the server is; Streamlit's frontend looks below the address of the page first.
window.__streamlit = { BACKEND_BASE_URL: location.origin, MAIN_PAGE_BASE_URL: location.origin }
// By then everything has come once; what holds while a page loads only costs time.
setTimeout(() => document.querySelector("link[href$='/cold-load.css']")?.remove(), 10_000)
// What stands on the left of some pages comes late: its place is kept until it is there.
if (document.documentElement.classList.contains("bt-menu-comes")) {
  new MutationObserver((_, watch) => {
    if (!document.querySelector("[data-testid=stSidebar]")) return
    document.documentElement.classList.remove("bt-menu-comes")
    watch.disconnect()
  }).observe(document.documentElement, { childList: true, subtree: true })
}
