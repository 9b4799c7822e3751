import { colorOf, draw, type Line, short } from './chart.ts';

/** One of several charts that share their sides and their steps. */
export interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
}

const columns = 3;
const size = { width: 300, height: 240 };

/** Draws small charts beside each other, with logarithmic y axes and one legend. */
export function panels(
  title: string,
  x: { readonly name: string; readonly steps: readonly string[] },
  y: string,
  drawn: readonly Panel[],
): string {
  const at = (n: number) => ({
    left: 50 + (n % columns) * size.width,
    top: 75 + Math.floor(n / columns) * size.height,
  });
  const axis = { nameLocation: 'middle' as const, nameTextStyle: { fontSize: 10 } };
  return draw(
    {
      title: [
        { text: title, left: 12, top: 8, textStyle: { fontSize: 15 } },
        ...drawn.map((panel, n) => ({
          text: panel.title,
          left: at(n).left,
          top: at(n).top - 25,
          textStyle: { fontSize: 12 },
        })),
      ],
      legend: { bottom: 4, left: 12, itemWidth: 18, itemGap: 20, textStyle: { fontSize: 11 } },
      grid: drawn.map((_, n) => ({ ...at(n), width: size.width - 60, height: size.height - 85 })),
      xAxis: drawn.map((_, gridIndex) => ({
        ...axis,
        type: 'category' as const,
        gridIndex,
        name: x.name,
        nameGap: 22,
        data: [...x.steps],
        axisLabel: { fontSize: 9, interval: 0 },
      })),
      yAxis: drawn.map((_, gridIndex) => ({
        ...axis,
        type: 'log' as const,
        gridIndex,
        name: y,
        nameGap: 32,
        axisLabel: { formatter: short, fontSize: 10 },
      })),
      series: drawn.flatMap((panel, n) =>
        panel.lines.map(({ name, isOurs, values }, index) => ({
          type: 'line' as const,
          name,
          xAxisIndex: n,
          yAxisIndex: n,
          data: values.map((value) => value ?? null),
          symbolSize: 6,
          itemStyle: { color: colorOf(isOurs, index) },
          lineStyle: { color: colorOf(isOurs, index), width: isOurs ? 3 : 2 },
        })),
      ),
    },
    { width: 30 + columns * size.width, height: 100 + Math.ceil(drawn.length / columns) * size.height },
  );
}
