/** A value inside a comma-separated option of QEMU's. Pure. @see qemu(1), "-blockdev": commas are doubled */
export function optionValue(value: string): string {
  return value.replaceAll(',', ',,');
}
