const FORMAT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** A time for people, in their own zone. */
export function timeText(iso: string): string {
  return FORMAT.format(new Date(iso));
}

/** How long something took, to the second as databases keep times. */
export function durationText(from: string, to: string): string | undefined {
  const seconds = Math.round((Date.parse(to) - Date.parse(from)) / 1000);
  return seconds > 0 ? `${seconds} s` : undefined;
}
