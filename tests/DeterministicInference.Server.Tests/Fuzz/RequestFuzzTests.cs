using System.Text;
using System.Text.Json;
using DeterministicInference.Server.Backends;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.OpenAI.Requests;
using Xunit;

namespace DeterministicInference.Server.Tests.Fuzz;

/// <summary>Any bytes are either refused in the API's way, or become a request that says the same as before but for its pins.</summary>
public sealed class RequestFuzzTests
{
    private static readonly DeterminismPolicy Enforce = Policy("enforce"), Off = Policy("off");

    [Fact]
    public void Every_body_of_the_corpus_is_refused_or_kept()
    {
        Assert.True(Corpus.Requests.Count >= 20);
        foreach (byte[] body in Corpus.Requests) Try(body);
    }

    [Fact]
    public void Any_body_is_refused_or_keeps_its_meaning()
    {
        int count = FuzzSize.Inputs, accepted = 0, coerced = 0;
        for (int i = 0; i < count; i++)
        {
            byte[] body = new RequestTexts(new FuzzRandom((ulong)i)).Next();
            try
            {
                (bool isAccepted, bool isCoerced) = Try(body);
                accepted += isAccepted ? 1 : 0;
                coerced += isCoerced ? 1 : 0;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Input {i}: {Convert.ToBase64String(body)}", e);
            }
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{count} bodies, {accepted} accepted by a route, {coerced} with scalars as strings.");
        // A generator of nothing but rubbish would show nothing.
        Assert.InRange(accepted, count / 20, count * 19 / 20);
        Assert.InRange(coerced, count / 1000, count);
    }

    private static (bool Accepted, bool Coerced) Try(byte[] body)
    {
        (bool completion, bool coercedCompletion) = Try(body, RequestFields.Completion);
        (bool chat, bool coercedChat) = Try(body, RequestFields.Chat);
        return (completion || chat, coercedCompletion || coercedChat);
    }

    private static (bool Accepted, bool Coerced) Try(byte[] body, ObjectType fields)
    {
        PinnedRequest pinned, plain;
        IReadOnlyList<Coercion> coercions;
        try
        {
            using RequestBody request = RequestBody.Parse(body);
            coercions = fields.Check(request.Root);
            pinned = Enforce.Pin(request, coercions, isChat: false);
            plain = Off.Pin(request, coercions, isChat: false);
            AssertSame(request.Root, pinned);
            AssertSame(request.Root, plain);
        }
        catch (OpenAIException e)
        {
            Assert.Equal((400, "invalid_request_error"), (e.Status, e.Type));
            Assert.InRange(e.Message.Length, 10, 1000);
            return (false, false);
        }
        Assert.Equal(coercions.Count, plain.Changes.Count);
        AssertFinal(pinned, fields);
        return (true, coercions.Count > 0);
    }

    /// <summary>Nothing is left to do: what is sent would be accepted and changed no more.</summary>
    private static void AssertFinal(PinnedRequest pinned, ObjectType fields)
    {
        using RequestBody again = RequestBody.Parse(pinned.Json.ToArray());
        Assert.Empty(Enforce.Pin(again, fields.Check(again.Root), isChat: false).Changes);
    }

    private static DeterminismPolicy Policy(string determinism) =>
        new(new InferenceOptions { Determinism = determinism }, RequestRules.None, asksForTokenIds: false);

    private static void AssertSame(JsonElement before, PinnedRequest pinned)
    {
        using JsonDocument after = JsonDocument.Parse(pinned.Json, ApiJson.ReaderOptions);
        var seen = new HashSet<string>();
        AssertSame(before, after.RootElement, null, pinned.Changes, seen);
        bool addsSeed = pinned.Changes.ContainsKey("seed") && seen.Add("seed");
        if (addsSeed) Assert.Equal(pinned.Changes["seed"], after.RootElement.GetProperty("seed").GetRawText());
        Assert.Equal(pinned.Changes.Count, seen.Count);
        Assert.Equal(before.GetPropertyCount() + (addsSeed ? 1 : 0), after.RootElement.GetPropertyCount());
    }

    private static void AssertSame(JsonElement before, JsonElement after, string? path, IReadOnlyDictionary<string, string> pins, HashSet<string> seen)
    {
        if (path is not null && pins.TryGetValue(path, out string? pin))
        {
            Assert.Equal(pin, after.GetRawText());
            seen.Add(path);
            return;
        }
        Assert.Equal(before.ValueKind, after.ValueKind);
        if (before.ValueKind == JsonValueKind.Object)
        {
            foreach ((JsonProperty old, JsonProperty now) in before.EnumerateObject().Zip(after.EnumerateObject()))
            {
                Assert.Equal(old.Name, now.Name);
                AssertSame(old.Value, now.Value, path is null ? old.Name : $"{path}.{old.Name}", pins, seen);
            }
        }
        else if (before.ValueKind == JsonValueKind.Array)
        {
            Assert.Equal(before.GetArrayLength(), after.GetArrayLength());
            foreach ((JsonElement old, JsonElement now, int i) in before.EnumerateArray().Zip(after.EnumerateArray(), Enumerable.Range(0, before.GetArrayLength())))
            {
                AssertSame(old, now, $"{path}[{i}]", pins, seen);
            }
        }
        else
        {
            Assert.Equal(before.GetRawText(), after.GetRawText());
        }
    }
}
