using DeterministicInference.Server.Gateway;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway;

/// <summary>Clients read no path of the machine.</summary>
public sealed class ClientTextTests
{
    [Theory]
    [InlineData("failed to load model '/models/a b/x.gguf'", "failed to load model '… …'")]
    [InlineData("no file /home/ai/x.safetensors, sorry", "no file …, sorry")]
    [InlineData("error:/etc/passwd:12: bad", "error:…: bad")]
    [InlineData("see ~/x/y and ../z.py and ./q", "see … and … and …")]
    [InlineData(@"C:\models\x.gguf is gone", "… is gone")]
    [InlineData("model_executor/determinism/batch_invariant.py:621 fails", "… fails")]
    [InlineData("model org/llama-2-7b is unknown", "model org/llama-2-7b is unknown")]
    [InlineData("https://huggingface.co/org/x answers 401", "https://huggingface.co/org/x answers 401")]
    [InlineData("/health answers 503, 12 s", "/health answers 503, 12 s")]
    [InlineData("/v1/models answers 404", "/v1/models answers 404")]
    [InlineData("1/2 of and/or", "1/2 of and/or")]
    public void A_path_becomes_an_ellipsis(string text, string shown) =>
        Assert.Equal(shown, ClientText.WithoutPaths(text));
}
