import type {
  AttentionState,
  CancelCommand,
  CircuitCommand,
  CompareCommand,
  ComparisonState,
  DetailCommand,
  DrillCommand,
  ExplorerState,
  PairCommand,
  PromptEffectsState,
  PromptsState,
  QuestionState,
  SilenceCommand,
  SweepCommand,
} from "../generated/views";
import type { Preferences } from "./preferences";

/** Something only a kernel can do. */
export type Command =
  | SweepCommand
  | DrillCommand
  | DetailCommand
  | PairCommand
  | CircuitCommand
  | CompareCommand
  | CancelCommand
  | SilenceCommand;

/** What a reader can choose, in any view. */
export type Choices = ExplorerState &
  ComparisonState &
  AttentionState &
  PromptEffectsState &
  PromptsState &
  QuestionState;

/** What a view may ask of the place it is drawn in. */
export interface Host {
  /** Whether a kernel answers commands. */
  readonly live: boolean;
  /** What the reader prefers here; `DEFAULTS` where the place has none. */
  readonly preferences?: Readonly<Preferences>;
  /** Tells the other side what the reader has chosen. */
  setState(change: Partial<Choices>): void;
  command(command: Command): void;
}

/** A place with no kernel behind it: a saved notebook or a report. */
export const stored: Host = { live: false, setState() {}, command() {} };
