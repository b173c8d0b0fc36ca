interface Entry {
  readonly list: unknown[];
}

export class Cache {
  private readonly entries: Entry[] = [];

  constructor(private readonly size: number) {}

  fill(count: number): number {
    for (let i = 0; i < count; i++) this.remember(i);
    return this.entries.length;
  }

  private remember(i: number): void {
    this.entries.push({ list: new Array<unknown>(this.size).fill(i) });
  }
}

export const makeArrays = (count: number): unknown[][] => {
  const all: unknown[][] = [];
  for (let i = 0; i < count; i++) all.push(new Array<unknown>(1000).fill(i));
  return all;
};

export async function waitForTimer(ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    setTimeout(resolve, ms);
  });
}

export function spinProcessor(ms: number): number {
  let sum = 0;
  for (const end = Date.now() + ms; Date.now() < end; ) {
    sum += Math.sqrt(sum + 1);
  }
  return sum;
}
