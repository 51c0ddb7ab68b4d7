/*
 * Normalization of one digit in the browser: repeats preprocessing/normalization.py for a clean
 * drawing, with its rounding, so that both give the same pixels.
 */
const normalization = (() => {
  const { image, roundHalfEven, largest, threshold, bounds, crop, expand, removeSpecks, dilate, squaredDistances, pad, resize } = imageOps;
  const SIDE = 28;
  const DIGIT_SIDE = 20;
  const OVERSAMPLING = 5;
  const FINE_STROKE_WIDTH = 2; // pixels at the oversampled resolution
  const MIN_STROKE_WIDTH = 2.2; // pixels of the 28x28 image

  /* The coverage of the pixels of a mask and of their four neighbors; 0 elsewhere. */
  function keep(coverage, { width, height, data }) {
    const result = image(width, height);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const i = y * width + x;
        const kept = data[i] || (x > 0 && data[i - 1]) || (x < width - 1 && data[i + 1]) || (y > 0 && data[i - width]) || (y < height - 1 && data[i + width]);
        if (kept) result.data[i] = coverage.data[i];
      }
    }
    return result;
  }

  /* Four times the mean distance to the background. */
  function strokeWidth(mask) {
    let [sum, count] = [0, 0];
    for (const squared of squaredDistances(pad(mask, 1))) {
      if (squared > 0) {
        sum += Math.sqrt(squared);
        count++;
      }
    }
    return count ? (4 * sum) / count - 2 : 0;
  }

  function cropToForeground(coverage) {
    const least = Math.min(0.5, largest(coverage.data));
    return crop(coverage, bounds(coverage, (value) => value >= least));
  }

  /* Thicken strokes by a radius on every side, with a soft edge. */
  function thicken(mask, radius) {
    const background = pad(mask, Math.trunc(radius) + 2, true);
    const distances = squaredDistances(background);
    return image(
      background.width,
      background.height,
      Float32Array.from(distances, (squared) => Math.min(Math.max(radius + 0.5 - Math.sqrt(squared), 0), 1)),
    );
  }

  /* The side of the square that dilates thin strokes before they are reduced in size. */
  function dilationSize(coverage, reduction) {
    if (reduction <= 1) return 1;
    const width = strokeWidth(threshold(coverage, 0.5)) / reduction;
    if (width < FINE_STROKE_WIDTH) return Math.ceil(reduction);
    return reduction > 1.5 && width < MIN_STROKE_WIDTH * OVERSAMPLING ? roundHalfEven(reduction) : 1;
  }

  function toMnistFormat(coverage) {
    coverage = cropToForeground(coverage);
    const side = DIGIT_SIDE * OVERSAMPLING;
    const reduction = Math.max(coverage.width, coverage.height) / side;
    const size = dilationSize(coverage, reduction);
    if (size > 1) {
      const before = Math.floor(size / 2);
      coverage = dilate(coverage, -before, size - 1 - before);
    }
    coverage = resize(coverage, side);
    const mask = threshold(coverage, Math.min(0.5, largest(coverage.data) / 2));
    const width = strokeWidth(mask) / OVERSAMPLING;
    if (width < MIN_STROKE_WIDTH) {
      coverage = cropToForeground(thicken(mask, ((MIN_STROKE_WIDTH - width) * OVERSAMPLING) / 2));
    }
    return centerAndScale(coverage);
  }

  /* Scale to 20 pixels, stretch the maximum to 255, and move the center of mass to the middle. */
  function centerAndScale(coverage) {
    const { width, height, data } = resize(coverage, DIGIT_SIDE);
    const factor = Math.fround(255 / largest(data));
    const digit = Uint8Array.from(data, (value) => roundHalfEven(Math.fround(value * factor)));
    let [total, acrossX, acrossY] = [0, 0, 0];
    digit.forEach((value, i) => {
      total += value;
      acrossX += value * (i % width);
      acrossY += value * Math.floor(i / width);
    });
    const offset = (center, length) => Math.min(Math.max(roundHalfEven(SIDE / 2 - center), 0), SIDE - length);
    const [left, top] = [offset(acrossX / total, width), offset(acrossY / total, height)];
    const digitImage = new Uint8Array(SIDE * SIDE);
    for (let y = 0; y < height; y++) digitImage.set(digit.subarray(y * width, (y + 1) * width), (top + y) * SIDE + left);
    return digitImage;
  }

  /*
   * Normalize a drawing, gray levels 0 to 255, dark on light, to MNIST format: 784 gray levels,
   * light on dark; null without ink.
   */
  function normalize({ gray, width, height }) {
    const whole = image(width, height, gray);
    const ink = bounds(whole, (value) => value < 255);
    if (ink[0] >= ink[2]) return null;
    const part = crop(whole, expand(whole, ink, 2)); // the rest is blank
    const coverage = image(part.width, part.height);
    for (let i = 0; i < part.data.length; i++) coverage.data[i] = (255 - part.data[i]) / 255;
    const mask = removeSpecks(threshold(coverage, 0.5));
    if (!largest(mask.data)) return null;
    const around = expand(mask, bounds(mask, (value) => value), 2);
    return toMnistFormat(keep(crop(coverage, around), crop(mask, around)));
  }

  return { normalize };
})();
