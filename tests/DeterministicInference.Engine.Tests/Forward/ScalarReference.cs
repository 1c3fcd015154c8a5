using DeterministicInference.Engine.Arithmetic;
using DeterministicInference.Engine.Model;
using DeterministicInference.Engine.Tests.Arithmetic;

namespace DeterministicInference.Engine.Tests.Forward;

/// <summary>
/// The transformer as docs/arithmetic.md specifies it: single values, one token after the other, no padding, no tiles,
/// no threads. It shares with the engine only the double-precision functions, whose bits have tests of their own.
/// </summary>
internal sealed class ScalarReference(ReferenceWeights weights, SummationOrder order)
{
    private readonly ModelConfig _config = weights.Config;
    private readonly List<float[]>[,] _keys = EmptyCache(weights.Config);
    private readonly List<float[]>[,] _values = EmptyCache(weights.Config);

    /// <summary>The logits after each token of a sequence that begins with the first call.</summary>
    public float[][] Logits(IEnumerable<int> tokens) => [.. tokens.Select(token => Step(token, _keys[0, 0].Count))];

    private static List<float[]>[,] EmptyCache(ModelConfig config)
    {
        var cache = new List<float[]>[config.Layers, config.KeyValueHeads];
        for (int layer = 0; layer < config.Layers; layer++)
        {
            for (int head = 0; head < config.KeyValueHeads; head++)
                cache[layer, head] = [];
        }
        return cache;
    }

    private float[] Step(int token, int position)
    {
        float[] residual = [.. weights.Embedding[token]];
        for (int layer = 0; layer < _config.Layers; layer++)
        {
            string name = $"model.layers.{layer}.";
            Add(residual, Attention(layer, position, Norm(residual, name + "input_layernorm.weight")));
            Add(residual, FeedForward(name + "mlp.", Norm(residual, name + "post_attention_layernorm.weight")));
        }
        float[] last = Norm(residual, "model.norm.weight");
        return [.. weights.Head.Select(row => order.Dot(row, last))];
    }

    private float[] Attention(int layer, int position, float[] input)
    {
        string name = $"model.layers.{layer}.self_attn.";
        float[][] queries = Heads(Project(name + "q_proj", input));
        float[][] keys = Heads(Project(name + "k_proj", input));
        float[][] values = Heads(Project(name + "v_proj", input));
        foreach (float[] head in queries.Concat(keys))
            Rotate(head, position);
        for (int head = 0; head < _config.KeyValueHeads; head++)
        {
            _keys[layer, head].Add(keys[head]);
            _values[layer, head].Add(values[head]);
        }
        int group = _config.Heads / _config.KeyValueHeads;
        float[] joined =
        [
            .. queries
                .Index()
                .SelectMany(query =>
                    PlainAttention.Head(
                        order,
                        query.Item,
                        _keys[layer, query.Index / group],
                        _values[layer, query.Index / group]
                    )
                ),
        ];
        return Project(name + "o_proj", joined);
    }

    private float[] FeedForward(string name, float[] input)
    {
        float[] gate = Project(name + "gate_proj", input),
            up = Project(name + "up_proj", input);
        return Project(name + "down_proj", [.. gate.Zip(up, PlainMath.SwiGlu)]);
    }

    private float[] Project(string name, float[] input)
    {
        float[] output = [.. weights.Matrix(name + ".weight").Select(row => order.Dot(row, input))];
        if (weights.Vector(name + ".bias") is { } bias)
            Add(output, bias);
        return output;
    }

    private float[] Norm(float[] x, string name)
    {
        float scale = 1f / MathF.Sqrt(order.Dot(x, x) / x.Length + _config.NormEpsilon);
        return [.. x.Zip(weights.Vector(name)!, (value, gain) => value * scale * gain)];
    }

    private float[][] Heads(float[] joined) => [.. joined.Chunk(_config.HeadDimension)];

    /// <summary>Pairs i and i + d/2 turn by position·θ^(−2i/d).</summary>
    private void Rotate(float[] head, int position)
    {
        int half = head.Length / 2;
        double logTheta = CanonicalMath.Log(_config.RopeTheta);
        for (int i = 0; i < half; i++)
        {
            double angle = position * CanonicalMath.Exp(-(2.0 * i / head.Length) * logTheta);
            (double sin, double cos) = CanonicalMath.SinCos(angle);
            (float s, float c) = ((float)sin, (float)cos);
            (head[i], head[i + half]) = (head[i] * c - head[i + half] * s, head[i + half] * c + head[i] * s);
        }
    }

    private static void Add(float[] x, float[] y)
    {
        for (int i = 0; i < x.Length; i++)
            x[i] += y[i];
    }
}
