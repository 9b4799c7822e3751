export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

export const milliseconds = (ms: number): string => (ms >= 100 ? ms.toFixed(0) : ms.toFixed(1));
