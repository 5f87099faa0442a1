import type { Host } from "../core/host";
import type { Prompts, PromptsState } from "../generated/views";
import { Frame } from "./frame";
import { TokenStripView } from "./token-strip";

/** Everything that a token strip by itself draws. */
export interface PromptsPayload {
  header: Prompts;
}

/** The prompt pairs by themselves. */
export class PromptsView {
  private readonly frame: Frame;
  private readonly strip = new TokenStripView((prompt) => this.change({ prompt }));
  private chosen: PromptsState = { prompt: 0 };

  constructor(
    parent: HTMLElement,
    private payload: PromptsPayload,
    private host: Host,
  ) {
    this.frame = new Frame(parent, "pw-prompts-view", [], () => this.render());
    this.frame.body.append(this.strip.element);
    this.frame.watch();
    this.render();
  }

  get element(): HTMLElement {
    return this.frame.element;
  }

  /** Draws other pairs in place. */
  update(payload: PromptsPayload): void {
    this.payload = payload;
    this.render();
  }

  /** Takes over what the other side says the reader has chosen. */
  choose(state: Partial<PromptsState>): void {
    this.chosen = { ...this.chosen, ...state };
    this.render();
  }

  /** Goes on in another place: a kernel that has come, or none where one has gone. */
  connect(host: Host): void {
    this.host = host;
  }

  /** What the reader has chosen. */
  get state(): PromptsState {
    return this.chosen;
  }

  destroy(): void {
    this.frame.destroy();
  }

  private change(change: PromptsState): void {
    this.host.setState(change);
    this.choose(change);
  }

  private render(): void {
    const { title, caption, strip, code } = this.payload.header;
    this.frame.update(title, caption, code);
    this.strip.update(strip, this.chosen.prompt);
  }
}
