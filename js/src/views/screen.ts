/** The whole screen: for the view that something lies in. */

/** Returns whether the view around an element fills the screen. */
export function isFullScreen(element: Element): boolean {
  return document.fullscreenElement?.contains(element) ?? false;
}

/** Lets the view around an element fill the screen, or no longer; Esc leaves too. */
export function toggleFullScreen(element: Element): void {
  if (isFullScreen(element)) void document.exitFullscreen();
  // A page in a frame may not be allowed to; then nothing happens.
  else
    element
      .closest(".pw-explorer")
      ?.requestFullscreen?.()
      .catch(() => undefined);
}

/** Returns whether this page may fill the screen. */
export function canFillScreen(): boolean {
  return document.fullscreenEnabled ?? false;
}
