using DeterministicInference.Engine.Model;

namespace DeterministicInference.Engine.Tests.Forward;

/// <summary>
/// The transformer by its textbook formulas in double precision: what the engine's arithmetic approximates.
/// </summary>
internal sealed class DoubleReference(ReferenceWeights weights)
{
    private readonly ModelConfig _config = weights.Config;
    private readonly Dictionary<(int Layer, int Head), List<(double[] Key, double[] Value)>> _cache = [];
    private int _position;

    /// <summary>The logits after each token of a sequence that begins with the first call.</summary>
    public double[][] Logits(IEnumerable<int> tokens) => [.. tokens.Select(Step)];

    private double[] Step(int token)
    {
        double[] x = [.. weights.Embedding[token].Select(value => (double)value)];
        for (int layer = 0; layer < _config.Layers; layer++)
        {
            string name = $"model.layers.{layer}.";
            x = Sum(x, Attention(layer, name + "self_attn.", Norm(x, name + "input_layernorm.weight")));
            double[] y = Norm(x, name + "post_attention_layernorm.weight");
            double[] gate = Project(name + "mlp.gate_proj", y),
                up = Project(name + "mlp.up_proj", y);
            x = Sum(x, Project(name + "mlp.down_proj", [.. gate.Zip(up, (g, u) => g / (1 + Math.Exp(-g)) * u)]));
        }
        _position++;
        double[] last = Norm(x, "model.norm.weight");
        return [.. weights.Head.Select(row => Dot(row, last))];
    }

    private double[] Attention(int layer, string name, double[] x)
    {
        double[][] queries = Heads(Project(name + "q_proj", x)),
            keys = Heads(Project(name + "k_proj", x)),
            values = Heads(Project(name + "v_proj", x));
        for (int head = 0; head < keys.Length; head++)
        {
            if (!_cache.TryGetValue((layer, head), out var cached))
                _cache[(layer, head)] = cached = [];
            cached.Add((Rotated(keys[head]), values[head]));
        }
        return Project(
            name + "o_proj",
            [
                .. queries
                    .Index()
                    .SelectMany(query =>
                        Attend(Rotated(query.Item), _cache[(layer, query.Index * keys.Length / queries.Length)])
                    ),
            ]
        );
    }

    private static double[] Attend(double[] query, List<(double[] Key, double[] Value)> cached)
    {
        double[] scores =
        [
            .. cached.Select(entry => entry.Key.Zip(query, (k, q) => k * q).Sum() / Math.Sqrt(query.Length)),
        ];
        double maximum = scores.Max();
        double[] shares = [.. scores.Select(score => Math.Exp(score - maximum))];
        double total = shares.Sum();
        return
        [
            .. Enumerable
                .Range(0, query.Length)
                .Select(i => cached.Index().Sum(entry => shares[entry.Index] * entry.Item.Value[i]) / total),
        ];
    }

    private double[] Project(string name, double[] x)
    {
        double[] y = [.. weights.Matrix(name + ".weight").Select(row => Dot(row, x))];
        return weights.Vector(name + ".bias") is { } bias ? [.. y.Zip(bias, (value, b) => value + b)] : y;
    }

    private double[] Norm(double[] x, string name)
    {
        double root = Math.Sqrt(x.Sum(value => value * value) / x.Length + _config.NormEpsilon);
        return [.. x.Zip(weights.Vector(name)!, (value, gain) => value / root * gain)];
    }

    private double[] Rotated(double[] head)
    {
        int half = head.Length / 2;
        var turned = new double[head.Length];
        for (int i = 0; i < half; i++)
        {
            (double sin, double cos) = Math.SinCos(_position * Math.Pow(_config.RopeTheta, -2.0 * i / head.Length));
            turned[i] = head[i] * cos - head[i + half] * sin;
            turned[i + half] = head[i + half] * cos + head[i] * sin;
        }
        return turned;
    }

    private double[][] Heads(double[] joined) => [.. joined.Chunk(_config.HeadDimension)];

    private static double Dot(float[] row, double[] x)
    {
        double sum = 0;
        for (int i = 0; i < row.Length; i++)
            sum += row[i] * x[i];
        return sum;
    }

    private static double[] Sum(double[] x, double[] y) => [.. x.Zip(y, (a, b) => a + b)];
}
