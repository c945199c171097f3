/** A size for people: `1.2 TB`. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${threeDigits(bytes / 1000 ** step)} ${units[step]}`;
}

/** A number for people, with thousands apart. */
export const count = (number: number) => Math.round(number).toLocaleString('en');

/** A number of seconds for people. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${threeDigits(seconds)} s`;
  if (seconds < 5400) return `${threeDigits(seconds / 60)} min`;
  return `${threeDigits(seconds / 3600)} h`;
}

export function threeDigits(number: number): string {
  return number >= 100 ? number.toFixed(0) : number >= 10 ? number.toFixed(1) : number.toFixed(2);
}
