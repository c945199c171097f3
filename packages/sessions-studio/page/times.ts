const FORMAT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const SHORT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });

/** A time for people, in their own zone. */
export function timeText(iso: string): string {
  return FORMAT.format(new Date(iso));
}

/** The same to the minute, without the day where it is today. */
export function shortTimeText(iso: string): string {
  const time = new Date(iso);
  return (time.toDateString() === new Date().toDateString() ? CLOCK : SHORT).format(time);
}

/** How long something took, to the second as databases keep times. */
export function durationText(from: string, to: string): string | undefined {
  const seconds = Math.round((Date.parse(to) - Date.parse(from)) / 1000);
  return seconds > 0 ? `${seconds} s` : undefined;
}
