using System.Text.Json;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.OpenAI.Requests;
using DeterministicInference.Server.OpenAI.Requests.Types;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.Fuzz;

/// <summary>
/// Any bytes are either refused with an API error, or become a request with the same meaning except for its pins.
/// </summary>
public sealed class RequestFuzzTests
{
    private static readonly DeterminismPolicy Enforce = Policy("enforce"),
        Off = Policy("off");

    /// <summary>The policies of all engines, which refuse more.</summary>
    private static readonly DeterminismPolicy[] Engines =
    [
        .. EngineRegistry.BuiltIn.All.Select(engine => new DeterminismPolicy(
            new ServeOptions(),
            engine.Requests,
            EngineRegistry.BuiltIn.SupportOf(engine),
            hasReceipts: true
        )),
    ];

    [Fact]
    public void Every_body_of_the_corpus_is_refused_or_kept()
    {
        Assert.True(Corpus.Requests.Count >= 20);
        foreach (byte[] body in Corpus.Requests)
            Try(body);
    }

    [Fact]
    public void Any_body_is_refused_or_keeps_its_meaning()
    {
        int count = FuzzSize.Inputs,
            accepted = 0,
            coerced = 0;
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
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{count} bodies, {accepted} accepted by a route, {coerced} with scalars as strings."
        );
        // If nearly all inputs were invalid, the test would show nothing.
        Assert.InRange(accepted, count / 20, count * 19 / 20);
        Assert.InRange(coerced, count / 1000, count);
    }

    private static (bool Accepted, bool Coerced) Try(byte[] body)
    {
        (bool completion, bool coercedCompletion) = Try(body, RequestRoute.Completions);
        (bool chat, bool coercedChat) = Try(body, RequestRoute.Chat);
        return (completion || chat, coercedCompletion || coercedChat);
    }

    private static (bool Accepted, bool Coerced) Try(byte[] body, RequestRoute route)
    {
        PinnedRequest pinned,
            plain;
        int coerced;
        try
        {
            using RequestBody request = RequestBody.Parse(body);
            CheckedRequest known = RequestFields.Check(request, route, acceptsText: true);
            coerced = known.Coercions.Count;
            RequireDigest(known, route);
            RequireRefusedOrPinned(known);
            pinned = Enforce.Pin(known, ServedModels.Unknown);
            plain = Off.Pin(known, ServedModels.Unknown);
            AssertSame(known, pinned, removesNulls: true);
            AssertSame(known, plain, removesNulls: false);
        }
        catch (OpenAIException e)
        {
            Assert.Equal((400, "invalid_request_error"), (e.Status, e.Type));
            Assert.InRange(e.Message.Length, 10, 1000);
            return (false, false);
        }
        Assert.Equal(coerced, plain.Changes.Count);
        AssertFinal(pinned, route);
        return (true, coerced > 0);
    }

    /// <summary>In front of any engine a request is sent or refused; each input tries one.</summary>
    private static void RequireRefusedOrPinned(CheckedRequest request)
    {
        DeterminismPolicy engine = Engines[request.Body.Json.Length % Engines.Length];
        try
        {
            using JsonDocument sent = JsonDocument.Parse(engine.Pin(request, ServedModels.Unknown).Json);
            Assert.Equal(JsonValueKind.Object, sent.RootElement.ValueKind);
        }
        catch (OpenAIException e)
        {
            Assert.Contains(e.Code, (string[])["nondeterministic_request", "unsupported_parameter"]);
            Assert.NotEmpty(e.Param!);
        }
    }

    /// <summary>
    /// A verifier computes from the bytes the digest that the server computes from the parsed request.
    /// </summary>
    private static void RequireDigest(CheckedRequest request, RequestRoute route)
    {
        string path = route.Path();
        Sha256Value? parsed = null,
            read = null;
        try
        {
            parsed = CanonicalRequest.Digest(path, request.Body.Root);
        }
        catch (CanonicalFormException)
        {
            // A lone surrogate in an unknown member.
        }
        try
        {
            read = CanonicalRequest.Digest(path, request.Body.Json.Span);
        }
        catch (CanonicalFormException)
        {
            // The same.
        }
        Assert.Equal(read, parsed);
    }

    /// <summary>A pinned request is final: it is accepted and not changed again.</summary>
    private static void AssertFinal(PinnedRequest pinned, RequestRoute route)
    {
        using RequestBody again = RequestBody.Parse(pinned.Json.ToArray());
        PinnedRequest twice = Enforce.Pin(RequestFields.Check(again, route, acceptsText: true), ServedModels.Unknown);
        Assert.Empty(twice.Changes);
        Assert.Equal(pinned.Json.ToArray(), twice.Json.ToArray());
    }

    private static DeterminismPolicy Policy(string determinism) =>
        new(
            new ServeOptions { Determinism = Enum.Parse<DeterminismMode>(determinism, ignoreCase: true) },
            RequestRules.None,
            support: null,
            hasReceipts: false
        );

    private static void AssertSame(CheckedRequest before, PinnedRequest pinned, bool removesNulls)
    {
        using JsonDocument after = JsonDocument.Parse(
            pinned.Json,
            new JsonDocumentOptions { MaxDepth = 64, AllowDuplicateProperties = false }
        );
        var seen = new HashSet<string>();
        JsonProperty[] kept =

            [
                .. before
                    .Members.Where(member => !(removesNulls && IsKnownNull(member, pinned)))
                    // For devices in front of the server.
                    .Where(member => member.Property.Name != "tee")
                    .Select(member => member.Property),
            ],
            sent = [.. after.RootElement.EnumerateObject()];
        foreach ((JsonProperty old, JsonProperty now) in kept.Zip(sent))
        {
            Assert.Equal(old.Name, now.Name);
            AssertSame(old.Value, now.Value, old.Name, pinned.Changes, seen);
        }
        bool addsSeed = pinned.Changes.ContainsKey("seed") && seen.Add("seed");
        if (addsSeed)
            Assert.Equal(pinned.Changes["seed"], after.RootElement.GetProperty("seed").GetRawText());
        Assert.Equal(pinned.Changes.Count, seen.Count);
        Assert.Equal(kept.Length + (addsSeed ? 1 : 0), sent.Length);
    }

    private static bool IsKnownNull(RequestMember member, PinnedRequest pinned) =>
        member.Value.ValueKind == JsonValueKind.Null
        && member.Field is { } field
        && field.Name != "prompt"
        && !pinned.Changes.ContainsKey(field.Name);

    private static void AssertSame(
        JsonElement before,
        JsonElement after,
        string path,
        IReadOnlyDictionary<string, string> pins,
        HashSet<string> seen
    )
    {
        if (pins.TryGetValue(path, out string? pin))
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
                AssertSame(old.Value, now.Value, $"{path}.{old.Name}", pins, seen);
            }
        }
        else if (before.ValueKind == JsonValueKind.Array)
        {
            Assert.Equal(before.GetArrayLength(), after.GetArrayLength());
            foreach (
                (JsonElement old, JsonElement now, int i) in before
                    .EnumerateArray()
                    .Zip(after.EnumerateArray(), Enumerable.Range(0, before.GetArrayLength()))
            )
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
