/** Milliseconds until a browser has surely taken a file over. */
const KEPT_MS = 60_000;

/** Lets the reader save a file that lies in the page. */
export function download(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  window.setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}
