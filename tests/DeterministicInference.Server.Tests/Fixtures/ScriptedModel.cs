using System.Buffers.Binary;
using DeterministicInference.ModelTools.Export;
using DeterministicInference.ModelTools.Model;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>
/// A model whose every next token is known: token t is followed by a fixed successor with a probability near 1. The
/// embedding is one-hot, the block adds nothing, and row successor(t) of the head reads unit t. So a test can put the
/// end of a character, of a stop text or of the answer exactly between two tokens.
/// </summary>
internal static class ScriptedModel
{
    /// <summary>
    /// The answer to the prompt "a", and to every conversation. Each byte is one token, but for <see cref="Piece"/>.
    /// </summary>
    public const string Script = "bcde\U0001F600fghijk" + Piece;

    /// <summary>The last token before the end token; it has four characters.</summary>
    public const string Piece = "lmno";

    /// <summary>Tokens of <see cref="Script"/>.</summary>
    public const int ScriptTokens = 15;

    public const int EndToken = SpecialTokens.End;

    /// <summary>Longest sequence.</summary>
    public const int MaxPositions = 16384;

    private const int PieceToken = SpecialTokens.Count + 256;

    private static readonly LlamaShape Shape = new(
        Hidden: 264,
        Layers: 1,
        Heads: 1,
        KeyValueHeads: 1,
        HeadDim: 2,
        Intermediate: 8,
        Vocabulary: PieceToken + 1,
        MaxPositions
    )
    {
        TiedEmbeddings = false,
    };

    /// <summary>The token of a byte.</summary>
    public static int Token(char ascii) => SpecialTokens.Count + ascii;

    /// <summary>Writes the model's folder.</summary>
    public static void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        string[] vocabulary = [.. RandomVocabulary.Create(PieceToken), Piece];
        TokenizerFiles.Write(folder, vocabulary, []);
        ModelConfiguration.Write(folder, Shape, TensorType.F32);

        LlamaTensor[] tensors = [.. LlamaTensor.Enumerate(Shape)];
        using var writer = new SafetensorsWriter(
            Path.Combine(folder, TrainedModel.WeightsFile),
            [.. tensors.Select(tensor => (tensor.Name, TensorType.F32, tensor.Dimensions))]
        );
        int[] successors = Successors();
        foreach (LlamaTensor tensor in tensors)
        {
            var values = new float[tensor.Length];
            if (tensor.Role == LlamaTensorRole.Norm)
                Array.Fill(values, 1f);
            if (tensor.Role == LlamaTensorRole.Embedding)
            {
                for (int t = 0; t < tensor.Rows; t++)
                    values[t * tensor.Columns + t] = 1;
            }
            if (tensor.Name == "lm_head.weight")
            {
                for (int t = 0; t < tensor.Rows; t++)
                    values[successors[t] * tensor.Columns + t] = 1;
            }
            var bytes = new byte[values.Length * sizeof(float)];
            for (int i = 0; i < values.Length; i++)
                BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), values[i]);
            writer.Write(bytes);
        }
        writer.Complete();
    }

    /// <summary>
    /// The script, from 'a' or from the assistant's turn to the end token and round again; all else leads to 'a'.
    /// </summary>
    private static int[] Successors()
    {
        var successors = new int[Shape.Vocabulary];
        Array.Fill(successors, Token('a'));
        int[] chain =
        [
            Token('a'),
            .. System.Text.Encoding.UTF8.GetBytes(Script[..^Piece.Length]).Select(b => SpecialTokens.Count + b),
            PieceToken,
            EndToken,
        ];
        for (int i = 1; i < chain.Length; i++)
            successors[chain[i - 1]] = chain[i];
        successors[SpecialTokens.Assistant] = chain[1];
        return successors;
    }
}
