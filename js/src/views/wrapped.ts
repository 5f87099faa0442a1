/** Returns a text in lines that fit; a word that is too long alone is cut. */
export function wrapped(text: string, room: number, widthOf: (text: string) => number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = line ? `${line} ${word}` : word;
    if (line && widthOf(longer) > room) {
      lines.push(line);
      line = cut(word, room, widthOf);
    } else line = line ? longer : cut(word, room, widthOf);
  }
  return line ? [...lines, line] : lines;
}

function cut(word: string, room: number, widthOf: (text: string) => number): string {
  if (widthOf(word) <= room) return word;
  const letters = [...word.slice(0, 400)];
  while (letters.length > 1 && widthOf(`${letters.join("")}…`) > room) letters.pop();
  return `${letters.join("")}…`;
}
