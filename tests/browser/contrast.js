// The texts of the page that differ too little from what is behind them, each with its ratio.
(least) => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true })
  const known = new Map() // a page has a dozen colors and thousands of elements
  const rgba = (text) => {
    if (!known.has(text)) known.set(text, painted(text))
    return known.get(text)
  }
  const painted = (text) => {
    canvas.clearRect(0, 0, 1, 1)
    canvas.fillStyle = text
    canvas.fillRect(0, 0, 1, 1)
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data
    return [r, g, b, a / 255]
  }
  const over = (top, under) => top.slice(0, 3).map((one, at) => one * top[3] + under[at] * (1 - top[3]))
  const light = (color) => {
    const [r, g, b] = color.map((one) => {
      const part = one / 255
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const up = (one) => one.parentElement ?? one.getRootNode().host
  const behind = (one) => {
    const layers = []
    for (let at = one; at; at = up(at)) {
      const style = getComputedStyle(at)
      const color = rgba(style.backgroundColor)
      if (color[3] > 0) layers.push(color)
      if (color[3] === 1) break
    }
    return layers.reverse().reduce((under, layer) => over(layer, under), rgba("Canvas").slice(0, 3))
  }
  const found = []
  const look = (one) => {
    const style = getComputedStyle(one)
    const box = one.getBoundingClientRect()
    const shown = one.matches("input, textarea")
      ? one.value || one.placeholder
      : [...one.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data).join("").trim()
    const isIcon = style.fontFamily.includes("Material")
    if (shown && !isIcon && box.width > 1 && box.height > 1 && style.visibility !== "hidden" && !one.closest("svg, canvas")) {
      const isHint = one.matches("input, textarea") && !one.value
      const text = isHint ? getComputedStyle(one, "::placeholder") : style
      let color = rgba(one.matches(":disabled") ? text.webkitTextFillColor : text.color)
      let opacity = Number(isHint ? text.opacity : 1)
      for (let at = one; at; at = up(at)) opacity *= Number(getComputedStyle(at).opacity)
      color = [color[0], color[1], color[2], color[3] * opacity]
      const ground = behind(one)
      const [a, b] = [light(over(color, ground)), light(ground)].sort((x, y) => y - x)
      const ratio = (a + 0.05) / (b + 0.05)
      if (ratio < least && opacity > 0) {
        found.push(`${ratio.toFixed(2)} ${one.tagName}.${String(one.className).slice(0, 40)} ${one.dataset.testid ?? ""} ${shown.slice(0, 40)}`)
      }
    }
    for (const child of one.children) look(child)
    for (const child of one.shadowRoot?.children ?? []) look(child)
  }
  look(document.body)
  return found
}
