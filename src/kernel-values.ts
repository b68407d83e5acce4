/** Whether a word can be a kernel's name: it is a folder's, and an option's value. Pure. */
export function kernelName(word: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/.test(word);
}
