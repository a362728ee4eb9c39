// Measures inside the page, from the person's input to the frame that shows the result.
(() => {
  const PATIENCE = 60_000 // ms
  // Checked before each frame is drawn; the channel's message comes right after it.
  const drawn = (isThere, start) =>
    new Promise((resolve, reject) => {
      setTimeout(reject, PATIENCE, new Error("what was asked for was never drawn"))
      const channel = new MessageChannel()
      channel.port1.onmessage = () => resolve(performance.now() - start())
      const look = () => (isThere() ? channel.port2.postMessage(0) : requestAnimationFrame(look))
      requestAnimationFrame(look)
    })
  let root
  const list = () => {
    if (!root?.isConnected) {
      const inside = [...document.querySelectorAll(".st-key-task_list *")]
      root = inside.find((one) => one.shadowRoot)?.shadowRoot.querySelector("[data-view]")
    }
    return root
  }
  const hasRows = () => Boolean(list()?.querySelector("tbody tr"))

  const bench = { loaded: drawn(hasRows, () => 0) } // the page's clock starts with its navigation
  const arm = (kind, isThere) => {
    let start
    let target
    addEventListener(
      kind,
      (event) => {
        start = event.timeStamp
        target = event.composedPath()[0]
      },
      { capture: true, once: true },
    )
    bench.done = drawn(() => start !== undefined && isThere(target), () => start)
  }
  bench.armList = (kind) => {
    const before = list().dataset.view
    arm(kind, () => list()?.dataset.view !== before && hasRows())
  }
  bench.armPanel = () =>
    arm("pointerdown", (target) => {
      const id = target.closest("tr")?.dataset.record
      const panel = document.querySelector(".st-key-details_box")
      return panel?.querySelector(`:is(.st-key-verb_start_${id}, .st-key-start_${id})`) && panel.querySelector(".bt-story")
    })
  window.bench = bench
})()
