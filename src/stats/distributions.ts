// The three textbook distributions the intervals need: normal, Student's t, binomial with p = 1/2.

/** P(Z <= z) for a standard normal Z, through P(|Z| <= z) = P(1/2, z^2/2); absolute error below 1e-12. */
export function normalCdf(z: number): number {
  const half = gammaP(0.5, (z * z) / 2) / 2;
  return z < 0 ? 0.5 - half : 0.5 + half;
}

/** The z with P(Z <= z) = p, for p in (0, 1). */
export function normalQuantile(p: number): number {
  return invert(normalCdf, p);
}

/** P(T <= t) for Student's t with `df` > 0 degrees of freedom. */
export function tCdf(t: number, df: number): number {
  const tail = betaRegularized(df / (df + t * t), df / 2, 0.5) / 2;
  return t < 0 ? tail : 1 - tail;
}

/** The t with P(T <= t) = p, for p in (0, 1). */
export function tQuantile(p: number, df: number): number {
  const key = `${p} ${df}`;
  let t = tQuantiles.get(key);
  if (t === undefined) {
    t = invert((x) => tCdf(x, df), p);
    if (tQuantiles.size < MOST_REMEMBERED) tQuantiles.set(key, t);
  }
  return t;
}

/** Every interval of a run asks for the same few, and each takes two hundred steps. */
const tQuantiles = new Map<string, number>();
const MOST_REMEMBERED = 1000;

/** P(Bin(n, 1/2) <= k), exact up to rounding. */
export function binomialHalfCdf(k: number, n: number): number {
  let term = 2 ** -n;
  let sum = 0;
  for (let i = 0; i <= Math.min(k, n); i++) {
    sum += term;
    term *= (n - i) / (i + 1);
  }
  // 2^-n is 0 in a double from n = 1075 on; the normal approximation is good to 1e-4 long before.
  return n > 1000 ? normalCdf((k + 0.5 - n / 2) / Math.sqrt(n / 4)) : sum;
}

/** Solves cdf(x) = p for a symmetric cdf by bisection: 200 halvings, no starting point to get wrong. */
function invert(cdf: (x: number) => number, p: number): number {
  if (p === 0.5) return 0;
  if (p > 0.5) return -invert(cdf, 1 - p);
  let low = -1;
  while (cdf(low) > p) low *= 2;
  let high = 0;
  for (let step = 0; step < 200 && high - low > Number.EPSILON * -low; step++) {
    const middle = (low + high) / 2;
    if (cdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** ln of the gamma function for x > 0 (Lanczos, g = 7, 9 terms). */
function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const shifted = x - 1;
  const sum = LANCZOS.reduce((total, c, i) => total + (i === 0 ? c : c / (shifted + i)), 0);
  const t = shifted + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(t) - t + Math.log(sum);
}

/** Regularized lower incomplete gamma function by its power series; for the arguments of `normalCdf` it converges. */
function gammaP(a: number, x: number): number {
  if (x === 0) return 0;
  if (x > 700) return 1;
  let term = 1 / a;
  let sum = term;
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-17 && n < 5000; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum * Math.exp(a * Math.log(x) - x - logGamma(a));
}

/** Regularized incomplete beta function I_x(a, b) by Lentz's continued fraction (Numerical Recipes 6.4). */
function betaRegularized(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - betaRegularized(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x)) / a;
  const tiny = 1e-300;
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1), tiny);
  let fraction = d;
  for (let m = 1; m <= 1000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonZero(1 + even * d, tiny);
    c = nonZero(1 + even / c, tiny);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonZero(1 + odd * d, tiny);
    c = nonZero(1 + odd / c, tiny);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return front * fraction;
}

function nonZero(value: number, tiny: number): number {
  return Math.abs(value) < tiny ? tiny : value;
}
