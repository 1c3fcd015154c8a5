namespace DeterministicInference.Benchmarks.Soak;

/// <summary>
/// A straight line through samples: what they rise by per unit of x, and how far that can be trusted.
/// </summary>
/// <param name="PerUnit">Rise of y per unit of x.</param>
/// <param name="StandardError">
/// Of <paramref name="PerUnit"/>; samples that depend on each other make it look smaller than it is.
/// </param>
internal readonly record struct Slope(double PerUnit, double StandardError)
{
    /// <summary>Least squares.</summary>
    public static Slope Of(IReadOnlyList<(double X, double Y)> samples)
    {
        int count = samples.Count;
        if (count < 3)
            return new Slope(double.NaN, double.NaN);
        double meanX = samples.Average(sample => sample.X),
            meanY = samples.Average(sample => sample.Y);
        double spread = samples.Sum(sample => (sample.X - meanX) * (sample.X - meanX));
        double slope = samples.Sum(sample => (sample.X - meanX) * (sample.Y - meanY)) / spread;
        double residuals = samples.Sum(sample => Math.Pow(sample.Y - meanY - slope * (sample.X - meanX), 2));
        return new Slope(slope, Math.Sqrt(residuals / (count - 2) / spread));
    }
}
