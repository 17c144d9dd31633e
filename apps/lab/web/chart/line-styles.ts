/** Lanes have no colours, since colours are for outcomes: they are told apart by weight and dashes. */
export const lineStyles = [
  { width: 1.5, dash: [2, 3], ink: 'soft' },
  { width: 1.5, dash: [9, 4], ink: 'ink' },
  { width: 2.5, dash: [], ink: 'ink' },
  { width: 1.5, dash: [1, 2, 6, 2], ink: 'soft' },
] as const

export function lineStyle(place: number): (typeof lineStyles)[number] {
  return lineStyles[place % lineStyles.length] ?? lineStyles[0]
}
