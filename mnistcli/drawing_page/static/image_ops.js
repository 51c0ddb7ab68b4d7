/* Operations on images in plain JavaScript, with the results of OpenCV and Pillow. */
const imageOps = (() => {
  const MIN_AREA = 0.02; // of the largest component; anything smaller is a speck
  const FAR = 1e9;

  /* An array of float32 or uint8 with its size. */
  function image(width, height, data = new Float32Array(width * height)) {
    return { width, height, data };
  }

  /* Banker's rounding, as in Python. */
  function roundHalfEven(value) {
    const rounded = Math.round(value);
    return Math.abs(value - Math.trunc(value)) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
  }

  function largest(data) {
    let value = 0;
    for (let i = 0; i < data.length; i++) if (data[i] > value) value = data[i];
    return value;
  }

  function threshold({ width, height, data }, level) {
    const result = new Uint8Array(data.length);
    for (let i = 0; i < data.length; i++) result[i] = data[i] > level ? 1 : 0;
    return image(width, height, result);
  }

  /* The bounding box [left, top, right, bottom] of the pixels for which a test is true. */
  function bounds({ width, height, data }, test) {
    let [left, top, right, bottom] = [width, height, 0, 0];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        if (!test(data[y * width + x])) continue;
        left = Math.min(left, x);
        right = Math.max(right, x + 1);
        top = Math.min(top, y);
        bottom = y + 1;
      }
    }
    return [left, top, right, bottom];
  }

  function crop({ width, data }, [left, top, right, bottom]) {
    const result = image(right - left, bottom - top, new data.constructor((right - left) * (bottom - top)));
    for (let y = top; y < bottom; y++) {
      result.data.set(data.subarray(y * width + left, y * width + right), (y - top) * result.width);
    }
    return result;
  }

  function expand({ width, height }, [left, top, right, bottom], margin) {
    return [Math.max(left - margin, 0), Math.max(top - margin, 0), Math.min(right + margin, width), Math.min(bottom + margin, height)];
  }

  /* Remove the 8-connected components, found by flood fill, that are small compared with the largest one. */
  function removeSpecks(mask) {
    const { width, height, data } = mask;
    const labels = new Int32Array(data.length);
    const areas = [0];
    const stack = [];
    for (let start = 0; start < data.length; start++) {
      if (!data[start] || labels[start]) continue;
      const label = areas.length;
      areas.push(0);
      labels[start] = label;
      stack.push(start);
      while (stack.length) {
        const index = stack.pop();
        areas[label]++;
        const [x, y] = [index % width, Math.floor(index / width)];
        for (let ny = Math.max(y - 1, 0); ny <= Math.min(y + 1, height - 1); ny++) {
          for (let nx = Math.max(x - 1, 0); nx <= Math.min(x + 1, width - 1); nx++) {
            const near = ny * width + nx;
            if (data[near] && !labels[near]) {
              labels[near] = label;
              stack.push(near);
            }
          }
        }
      }
    }
    const least = MIN_AREA * Math.max(...areas);
    return image(width, height, data.map((value, i) => (value && areas[labels[i]] >= least ? 1 : 0)));
  }

  /* Morphological dilation: the largest value in a window of offsets [from, to] along both axes. */
  function dilate({ width, height, data }, from, to) {
    const rows = image(width, height, new data.constructor(data.length));
    const result = image(width, height, new data.constructor(data.length));
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let value = 0;
        for (let nx = Math.max(x + from, 0); nx <= Math.min(x + to, width - 1); nx++) value = Math.max(value, data[y * width + nx]);
        rows.data[y * width + x] = value;
      }
    }
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let value = 0;
        for (let ny = Math.max(y + from, 0); ny <= Math.min(y + to, height - 1); ny++) value = Math.max(value, rows.data[ny * width + x]);
        result.data[y * width + x] = value;
      }
    }
    return result;
  }

  /* Distance transform: the squared distance of each true pixel to the nearest false one (Felzenszwalb, 2012). */
  function squaredDistances({ width, height, data }) {
    const result = new Float64Array(data.length);
    for (let i = 0; i < data.length; i++) result[i] = data[i] ? FAR : 0;
    const longest = Math.max(width, height);
    const values = new Float64Array(longest);
    const vertices = new Int32Array(longest);
    const borders = new Float64Array(longest + 1);
    function along(start, step, length) {
      for (let i = 0; i < length; i++) values[i] = result[start + i * step];
      let last = 0;
      vertices[0] = 0;
      borders[0] = -Infinity;
      borders[1] = Infinity;
      for (let q = 1; q < length; q++) {
        let cross;
        do {
          const v = vertices[last];
          cross = (values[q] + q * q - values[v] - v * v) / (2 * (q - v));
        } while (cross <= borders[last] && last-- > 0);
        last++;
        vertices[last] = q;
        borders[last] = cross;
        borders[last + 1] = Infinity;
      }
      for (let q = 0, k = 0; q < length; q++) {
        while (borders[k + 1] < q) k++;
        result[start + q * step] = (q - vertices[k]) ** 2 + values[vertices[k]];
      }
    }
    for (let x = 0; x < width; x++) along(x, width, height);
    for (let y = 0; y < height; y++) along(y * width, 1, width);
    return result;
  }

  function pad({ width, height, data }, margin, invert = false) {
    const result = image(width + 2 * margin, height + 2 * margin, null);
    result.data = new Uint8Array(result.width * result.height).fill(invert ? 1 : 0);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        result.data[(y + margin) * result.width + x + margin] = invert ? 1 - data[y * width + x] : data[y * width + x];
      }
    }
    return result;
  }

  function box(x) {
    return x > -0.5 && x <= 0.5 ? 1 : 0;
  }

  function bicubic(x) {
    const a = -0.5;
    x = Math.abs(x);
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
  }

  /* The weights of the input pixels for each output pixel, as Pillow computes them. */
  function resamplingWeights(from, to, filter, support) {
    const scale = from / to;
    const filterScale = Math.max(scale, 1);
    const reach = support * filterScale;
    return Array.from({ length: to }, (_, index) => {
      const center = (index + 0.5) * scale;
      const start = Math.max(Math.trunc(center - reach + 0.5), 0);
      const end = Math.min(Math.trunc(center + reach + 0.5), from);
      const weights = [];
      let total = 0;
      for (let x = start; x < end; x++) {
        const weight = filter((x - center + 0.5) * (1 / filterScale));
        weights.push(weight);
        total += weight;
      }
      return { start, weights: total ? weights.map((weight) => weight / total) : weights };
    });
  }

  function resizeColumns({ width, height, data }, newHeight, [filter, support]) {
    const result = image(width, newHeight);
    resamplingWeights(height, newHeight, filter, support).forEach(({ start, weights }, y) => {
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) sum += data[(start + k) * width + x] * weights[k];
        result.data[y * width + x] = sum;
      }
    });
    return result;
  }

  function resizeRows({ width, height, data }, newWidth, [filter, support]) {
    const result = image(newWidth, height);
    resamplingWeights(width, newWidth, filter, support).forEach(({ start, weights }, x) => {
      for (let y = 0; y < height; y++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) sum += data[y * width + start + k] * weights[k];
        result.data[y * newWidth + x] = sum;
      }
    });
    return result;
  }

  /*
   * Resize to a longer side: area averaging to reduce, bicubic to enlarge. The order of the two
   * passes decides the last bit of each value; it is the order in Pillow 13.
   */
  function resize(source, side) {
    const { width, height } = source;
    const scale = side / Math.max(width, height);
    const newWidth = Math.max(1, roundHalfEven(width * scale));
    const newHeight = Math.max(1, roundHalfEven(height * scale));
    const filter = scale <= 1 ? [box, 0.5] : [bicubic, 2];
    const passes = [];
    if (newWidth !== width) passes.push((one) => resizeRows(one, newWidth, filter));
    if (newHeight !== height) passes.push((one) => resizeColumns(one, newHeight, filter));
    if (newHeight < height && height - newHeight > 2 * (width - newWidth)) passes.reverse();
    const { data } = passes.reduce((one, pass) => pass(one), source);
    return image(newWidth, newHeight, data.map((value) => Math.min(Math.max(value, 0), 1)));
  }

  return {
    image,
    roundHalfEven,
    largest,
    threshold,
    bounds,
    crop,
    expand,
    removeSpecks,
    dilate,
    squaredDistances,
    pad,
    resize,
  };
})();
