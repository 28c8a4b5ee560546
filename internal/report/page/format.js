// How numbers are written. Durations come as microseconds.

const grouped = new Intl.NumberFormat("en-US");
const count = (n) => grouped.format(n);
const plural = (n, noun) => `${count(n)} ${noun}${n === 1 ? "" : "s"}`;

// duration writes three digits at most: "310µs", "42ms", "7.41s", "2m05s".
function duration(micros) {
  if (micros <= 0) return "0s";
  if (micros < 999.5) return `${Math.round(micros)}µs`;
  if (micros < 999500) return `${digits(micros / 1e3)}ms`;
  if (micros < 59.95e6) return `${digits(micros / 1e6)}s`;
  const pad = (n) => String(n).padStart(2, "0");
  const seconds = Math.round(micros / 1e6);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${pad(seconds % 60)}s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}h${pad(minutes % 60)}m`;
}

function digits(value) {
  const fixed = value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
  return fixed.includes(".") ? fixed.replace(/\.?0+$/, "") : fixed;
}

const byteUnits = ["B", "kB", "MB", "GB", "TB", "PB"];

// bytes writes powers of 1000: "1.2 GB".
function bytes(n) {
  let unit = 0;
  while (n >= 999.5 && unit < byteUnits.length - 1) {
    n /= 1000;
    unit++;
  }
  return `${unit === 0 ? n : digits(n)} ${byteUnits[unit]}`;
}

// share writes a part of 1 as a percentage that is 0 or 100 only when it is.
function share(part) {
  if (part > 0 && part < 0.001) return "<0.1%";
  if (part > 0.999 && part < 1) return ">99.9%";
  return `${digits(Math.round(part * 1000) / 10)}%`;
}
