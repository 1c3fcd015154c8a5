using DeterministicInference.ModelTools.Model;
using DeterministicInference.ModelTools.Training;

namespace ModelTools.Tests.Training;

/// <summary>
/// The decoder's loss in double precision, written as plainly as possible and sharing no code with the trainer.
/// </summary>
internal sealed class NaiveLlama(ParameterLayout layout)
{
    private readonly LlamaShape _shape = layout.Shape;

    /// <summary>Mean loss over all targets of documents that each see only themselves.</summary>
    public double Loss(double[] weights, IEnumerable<TrainingDocument> documents)
    {
        double sum = 0;
        int targets = 0;
        foreach (TrainingDocument document in documents)
        {
            double[][] stream = Run(weights, document.Tokens);
            for (int i = 1; i < document.Tokens.Length; i++)
            {
                if (!document.IsTarget[i])
                    continue;
                double[] logits = Multiply(weights, layout.Tensors[0].Offset, _shape.Vocabulary, stream[i - 1]);
                double highest = logits.Max();
                sum += highest + Math.Log(logits.Sum(logit => Math.Exp(logit - highest))) - logits[document.Tokens[i]];
                targets++;
            }
        }
        return sum / targets;
    }

    private double[][] Run(double[] weights, int[] tokens)
    {
        double[][] stream = [.. tokens.Select(token => weights.AsSpan(token * _shape.Hidden, _shape.Hidden).ToArray())];
        for (int layer = 0; layer < _shape.Layers; layer++)
        {
            string name = $"model.layers.{layer}.";
            double[][] normed = [.. stream.Select(x => Normalize(weights, name + "input_layernorm.weight", x))];
            double[][] queries =
            [
                .. normed.Select((x, i) => Rotate(Multiply(weights, name + "self_attn.q_proj.weight", x), i)),
            ];
            double[][] keys =
            [
                .. normed.Select((x, i) => Rotate(Multiply(weights, name + "self_attn.k_proj.weight", x), i)),
            ];
            double[][] values = [.. normed.Select(x => Multiply(weights, name + "self_attn.v_proj.weight", x))];
            for (int i = 0; i < tokens.Length; i++)
            {
                double[] mixed = Attend(queries[i], keys, values, i);
                stream[i] = Add(stream[i], Multiply(weights, name + "self_attn.o_proj.weight", mixed));
                double[] x = Normalize(weights, name + "post_attention_layernorm.weight", stream[i]);
                double[] gate = Multiply(weights, name + "mlp.gate_proj.weight", x);
                double[] up = Multiply(weights, name + "mlp.up_proj.weight", x);
                double[] activated = [.. gate.Zip(up, (g, u) => g / (1 + Math.Exp(-g)) * u)];
                stream[i] = Add(stream[i], Multiply(weights, name + "mlp.down_proj.weight", activated));
            }
        }
        return [.. stream.Select(x => Normalize(weights, "model.norm.weight", x))];
    }

    private double[] Attend(double[] query, double[][] keys, double[][] values, int position)
    {
        double[] output = new double[_shape.QueryWidth];
        for (int head = 0; head < _shape.Heads; head++)
        {
            int from = head * _shape.HeadDim;
            int keyFrom = head / (_shape.Heads / _shape.KeyValueHeads) * _shape.HeadDim;
            double[] scores = new double[position + 1];
            for (int j = 0; j <= position; j++)
            {
                for (int d = 0; d < _shape.HeadDim; d++)
                    scores[j] += query[from + d] * keys[j][keyFrom + d];
                scores[j] = Math.Exp(scores[j] / Math.Sqrt(_shape.HeadDim));
            }
            double total = scores.Sum();
            for (int j = 0; j <= position; j++)
            {
                for (int d = 0; d < _shape.HeadDim; d++)
                    output[from + d] += scores[j] / total * values[j][keyFrom + d];
            }
        }
        return output;
    }

    private double[] Rotate(double[] heads, int position)
    {
        double[] turned = new double[heads.Length];
        int half = _shape.HeadDim / 2;
        for (int i = 0; i < heads.Length; i++)
        {
            int d = i % _shape.HeadDim;
            double angle = position * Math.Pow(_shape.RopeTheta, -2.0 * (d % half) / _shape.HeadDim);
            double other = d < half ? -heads[i + half] : heads[i - half];
            turned[i] = heads[i] * Math.Cos(angle) + other * Math.Sin(angle);
        }
        return turned;
    }

    private double[] Normalize(double[] weights, string gain, double[] x)
    {
        int offset = Find(gain).Offset;
        double inverse = 1 / Math.Sqrt(x.Sum(value => value * value) / x.Length + _shape.RmsEpsilon);
        return [.. x.Select((value, i) => value * inverse * weights[offset + i])];
    }

    private double[] Multiply(double[] weights, string matrix, double[] x)
    {
        ParameterTensor tensor = Find(matrix);
        return Multiply(weights, tensor.Offset, tensor.Tensor.Rows, x);
    }

    private static double[] Multiply(double[] weights, int offset, int rows, double[] x)
    {
        double[] y = new double[rows];
        for (int row = 0; row < rows; row++)
        {
            double sum = 0;
            for (int i = 0; i < x.Length; i++)
                sum += weights[offset + row * x.Length + i] * x[i];
            y[row] = sum;
        }
        return y;
    }

    private static double[] Add(double[] left, double[] right) => [.. left.Zip(right, (a, b) => a + b)];

    private ParameterTensor Find(string name) => layout.Tensors.First(tensor => tensor.Tensor.Name == name);
}
