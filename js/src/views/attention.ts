import type { AttentionPayload } from "../core/attention";
import type { Host } from "../core/host";
import type { AttentionState } from "../generated/views";
import { AttentionPanel } from "./attention-panel";
import { Frame } from "./frame";

/** An attention pattern by itself. */
export class AttentionView {
  private readonly frame: Frame;
  private readonly panel = new AttentionPanel((change) => this.change(change));
  private chosen: AttentionState = { selection: "", prompt: 0, destination: -1, matrix: false };

  constructor(
    parent: HTMLElement,
    private payload: AttentionPayload,
    private host: Host,
  ) {
    this.frame = new Frame(parent, "pw-attention-view", [], () => this.render());
    this.frame.body.append(this.panel.element);
    this.arrive(payload);
    this.frame.watch();
    this.render();
  }

  get element(): HTMLElement {
    return this.frame.element;
  }

  /** Draws a newer pattern in place. */
  update(payload: AttentionPayload): void {
    this.payload = payload;
    this.arrive(payload);
    this.render();
  }

  /** Takes over what the other side says the reader has chosen. */
  choose(state: Partial<AttentionState>): void {
    this.chosen = { ...this.chosen, ...state };
    this.render();
  }

  /** Goes on in another place: a kernel that has come, or none where one has gone. */
  connect(host: Host): void {
    this.host = host;
  }

  /** What the reader has chosen. */
  get state(): AttentionState {
    return this.chosen;
  }

  destroy(): void {
    this.panel.destroy();
    this.frame.destroy();
  }

  private arrive({ header }: AttentionPayload): void {
    this.chosen = { ...this.chosen, selection: header.node, prompt: header.prompt ?? 0 };
  }

  private change(change: Partial<AttentionState>): void {
    this.host.setState(change);
    this.choose(change);
  }

  private render(): void {
    const { header } = this.payload;
    this.frame.update(header.title, "", header.code);
    this.panel.update({
      attention: this.payload,
      destination: this.chosen.destination,
      matrix: this.chosen.matrix,
      room: this.frame.room,
      theme: this.frame.theme,
    });
  }
}
