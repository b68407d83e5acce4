/** Text as HTML shows it. */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** A part of a whole as SVG has it. */
export function percent(part: number, whole: number): string {
  return `${Number(((100 * part) / whole).toFixed(3))}%`;
}
