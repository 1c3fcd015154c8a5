using System.Runtime.CompilerServices;

namespace DeterministicInference.ModelTools.Training;

/// <summary>
/// Brings the right-hand side of a matrix product into panels of <see cref="PanelWidth"/> columns: panel p holds
/// B[k, 32p .. 32p+31] for k = 0, 1, … in a row. Moves numbers only.
/// </summary>
internal static unsafe class MatrixPacking
{
    /// <summary>Columns of a panel.</summary>
    public const int PanelWidth = 32;

    /// <summary>The next multiple of a power of two.</summary>
    public static int RoundUp(int value, int multiple) => (value + multiple - 1) & -multiple;

    /// <summary>
    /// Packs B[k, n] = source[k·stride + n]; rows from <paramref name="rows"/> to <paramref name="depth"/> become zero.
    /// </summary>
    public static void PackRows(float* source, nint stride, int rows, int depth, int columns, float* target)
    {
        for (int n = 0; n < columns; n += PanelWidth)
        {
            for (int k = 0; k < rows; k++)
            {
                Unsafe.CopyBlock(target, source + k * stride + n, PanelWidth * sizeof(float));
                target += PanelWidth;
            }
            new Span<float>(target, (depth - rows) * PanelWidth).Clear();
            target += (depth - rows) * PanelWidth;
        }
    }

    /// <summary>
    /// Packs B[k, n] = source[n·stride + k]; columns beyond <paramref name="columns"/> fill the last panel with zero.
    /// </summary>
    public static void PackTransposed(float* source, nint stride, int depth, int columns, float* target)
    {
        for (int n = 0; n < columns; n += PanelWidth)
        {
            int present = Math.Min(PanelWidth, columns - n);
            if (present < PanelWidth)
                new Span<float>(target, depth * PanelWidth).Clear();
            for (int column = 0; column < present; column++)
            {
                float* from = source + (n + column) * stride;
                float* to = target + column;
                for (int k = 0; k < depth; k++, to += PanelWidth)
                    *to = from[k];
            }
            target += depth * PanelWidth;
        }
    }
}
