/*
 * The prediction on the page: text, confidence, the probability bars of a digit, and what the
 * network sees. A prediction has the keys of the JSON of `mnistcli predict`; each digit has its image
 * as well.
 */
const results = (() => {
  const MAP_COLOR = [255, 122, 26];
  let prediction = null;
  let chosen = 0;
  let onChoice = () => {};

  const percent = (value) => `${(100 * value).toFixed(2)} %`;

  function element(tag, text = "", properties = {}) {
    return Object.assign(document.createElement(tag), { textContent: text }, properties);
  }

  function listen(whenChosen) {
    onChoice = whenChosen;
    for (let digit = 0; digit < 10; digit++) {
      const bar = element("div", "", { className: "bar", role: "listitem" });
      bar.append(element("span", digit), element("i"), element("b"));
      byId("bars").append(bar);
    }
    clear();
  }

  function clear(note = "The prediction appears while you draw.") {
    prediction = null;
    byId("text").textContent = "–";
    byId("text").className = "empty";
    byId("text").dataset.size = "large";
    byId("confidence").textContent = "";
    setNote(note, false);
    byId("digits").hidden = byId("which").hidden = true;
    showDigit(null);
  }

  function fail(message) {
    clear();
    setNote(message, true);
  }

  function setNote(text, isWarning) {
    byId("note").textContent = text;
    byId("note").classList.toggle("warning", isWarning);
  }

  function show(newPrediction) {
    prediction = newPrediction;
    const { digits, guess, reason } = prediction;
    if (!digits.length) {
      clear("No digit found.");
      return;
    }
    const text = byId("text");
    const longest = Math.max(...guess.split("\n").map((line) => line.length));
    text.textContent = guess;
    text.className = reason ? "rejected" : "";
    text.dataset.size = longest > 5 || guess.includes("\n") ? "small" : longest > 2 ? "medium" : "large";
    byId("confidence").textContent = percent(prediction.text_confidence);
    setNote(reason ? explain(reason) : digits.length > 1 ? "probability that all digits are correct" : "confidence", Boolean(reason));
    chosen = Math.min(chosen, digits.length - 1);
    showChoices();
    showDigit(digits[chosen]);
  }

  /* "rejected, below 77.89 %: best guess 3 (60.12 %)" without what is shown beside it. */
  function explain(reason) {
    return `Uncertain: ${reason.replace(/^rejected, /, "").replace(/: best guess .*$/s, "")}`;
  }

  function showChoices() {
    const { digits } = prediction;
    byId("digits").hidden = byId("which").hidden = digits.length < 2;
    byId("digits").replaceChildren(
      ...digits.map((digit, index) => {
        const button = element("button", digit.digit, { type: "button" });
        button.setAttribute("aria-pressed", index === chosen);
        button.addEventListener("click", () => {
          chosen = index;
          showDigit(digits[chosen]);
          for (const one of byId("digits").children) one.setAttribute("aria-pressed", one === button);
          onChoice();
        });
        return button;
      }),
    );
  }

  function showDigit(digit) {
    [...byId("bars").children].forEach((bar, label) => {
      const value = digit ? digit.probabilities[label] : 0;
      bar.style.setProperty("--value", value);
      bar.querySelector("b").textContent = digit ? percent(value) : "";
      bar.classList.toggle("best", digit !== null && digit.digit === label);
    });
    for (const id of ["input", "map"]) {
      byId(id).classList.toggle("blank", digit === null);
      paint(byId(id), digit?.pixels, null);
    }
  }

  /* Draw a digit, and its occlusion map as an overlay (heat map). */
  function paint(canvas, pixels, occlusionMap) {
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, 28, 28);
    if (!pixels) return;
    const image = new ImageData(28, 28);
    const largest = occlusionMap ? Math.max(...occlusionMap, 0.02) : 1;
    for (let i = 0; i < 784; i++) {
      const weight = occlusionMap ? Math.min(Math.max(occlusionMap[i], 0) / largest, 1) : 0;
      const gray = occlusionMap ? pixels[i] * 0.55 : pixels[i];
      for (let c = 0; c < 3; c++) image.data[4 * i + c] = gray + weight * (MAP_COLOR[c] - gray) * 0.85;
      image.data[4 * i + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  }

  function showMap(digit, occlusionMap) {
    if (digit === current()) paint(byId("map"), digit.pixels, occlusionMap);
  }

  const current = () => prediction?.digits[chosen] ?? null;

  return { listen, clear, fail, show, showMap, current, chosen: () => chosen };
})();
