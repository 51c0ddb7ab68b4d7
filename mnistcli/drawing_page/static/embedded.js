/* Offline predictions by this page itself (in-browser): no server, one digit at a time. */
const backend = (() => {
  const PATCH = 5; // of the occlusion map
  const STEP = 2; // stride of the patch in pixels: a quarter of the time
  const PATIENCE = 12; // milliseconds of work before the event loop may draw the page
  const TOLERANCE = 1e-3;
  const SCORE_TEMPERATURE = 3; // of the digit score
  const MIN_PROBABILITY = 1e-12;

  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const network = new Network(settings.layers, bytes(byId("weights").textContent).buffer);

  async function predict() {
    const pixels = normalization.normalize(drawing.toGray());
    if (!pixels) return { digits: [], guess: "", text_confidence: 0 };
    const probabilities = network.predict(pixels);
    const confidence = Math.max(...probabilities);
    const digit = probabilities.indexOf(confidence);
    return {
      digits: [{ digit, probabilities, pixels }],
      guess: String(digit),
      text_confidence: confidence,
      reason: reasonToReject(probabilities, confidence),
    };
  }

  /* The reason to reject a digit, as `prediction/rejection.py` gives it; empty for none. */
  function reasonToReject(probabilities, confidence) {
    if (confidence < settings.minConfidence) return `below ${(100 * settings.minConfidence).toFixed(2)} %`;
    return digitScore(probabilities) < settings.minDigitScore ? "unlike a digit" : "";
  }

  /* The digit score, as `inference/digit_score.py` computes it. */
  function digitScore(probabilities) {
    const softened = probabilities.map((p) => Math.max(p, MIN_PROBABILITY) ** (1 / SCORE_TEMPERATURE));
    return Math.max(...softened) / softened.reduce((sum, value) => sum + value);
  }

  /* The occlusion map, as `prediction/occlusion.py` computes it, with fewer patches; null if it is stale. */
  async function occlusionMap(digit) {
    const map = new Float32Array(784);
    const whole = digit.probabilities[digit.digit];
    let started = performance.now();
    for (let top = 0; top < 28; top += STEP) {
      for (let left = 0; left < 28; left += STEP) {
        const covered = cover(digit.pixels, top, left);
        if (!covered) continue;
        const decrease = Math.max(whole - network.predict(covered)[digit.digit], 0);
        for (let i = 0; i < STEP * STEP; i++) map[(top + Math.floor(i / STEP)) * 28 + left + (i % STEP)] = decrease;
        if (performance.now() - started < PATIENCE) continue;
        await new Promise((resolve) => setTimeout(resolve));
        if (digit !== results.current() || drawing.isDrawing()) return null;
        started = performance.now();
      }
    }
    return map;
  }

  /* The digit without the ink under a patch; null if there is none. */
  function cover(pixels, centerY, centerX) {
    const covered = pixels.slice();
    let hasInk = false;
    const reach = (PATCH - 1) / 2;
    for (let y = Math.max(centerY - reach, 0); y <= Math.min(centerY + reach, 27); y++) {
      for (let x = Math.max(centerX - reach, 0); x <= Math.min(centerX + reach, 27); x++) {
        hasInk ||= covered[y * 28 + x] > 0;
        covered[y * 28 + x] = 0;
      }
    }
    return hasInk ? covered : null;
  }

  /* Compare the network with the model that it was made from, on one image. */
  function check() {
    const probabilities = network.predict(bytes(settings.check.image));
    const isSame = settings.check.probabilities.every((value, i) => Math.abs(value - probabilities[i]) < TOLERANCE);
    if (!isSame) results.fail("This browser computes different probabilities from the model.");
  }

  return { takesImages: false, predict, occlusionMap, check, network, digitScore };
})();
