const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Bytes in decimal units: `98.4 MB`. */
export function bytesText(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`;
}

/** A moment in the local time zone, to the minute. */
export function timeText(ms: number | null): string {
  return ms === null ? '' : new Date(ms).toLocaleString('sv-SE').slice(0, 16);
}

/** 134515008 → `134.5M` */
export function countText(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)}B`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)}M`;
  return count >= 1e3 ? `${(count / 1e3).toFixed(1)}k` : String(count);
}
