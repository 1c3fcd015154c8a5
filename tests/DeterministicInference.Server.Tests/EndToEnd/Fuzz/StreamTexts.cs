using System.Text;

namespace DeterministicInference.Server.Tests.EndToEnd.Fuzz;

/// <summary>Streams of server-sent events as an engine might send them: whole, broken, or nonsense.</summary>
internal sealed class StreamTexts(FuzzRandom random)
{
    private static readonly string[] Ends = ["\n", "\n", "\n", "\r\n", "\r"];

    private static readonly string[] Lines =
    [
        "data: [DONE]",
        "data:[DONE]",
        ": comment",
        ":",
        "event: ping",
        "id: 1",
        "retry: 5",
        "data",
        "data:",
        "data: ",
        "dat",
        "data: null",
        "data: []",
        "data: {}",
        "data: {",
        "\uFEFFdata: {}",
        "data: {\"choices\":[{\"index\":0,\"text\":\"x\",\"finish_reason\":null}]}",
        "data: {\"choices\":[{\"index\":0,\"finish_reason\":\"stop\"}]}",
        "data: {\"choices\":[{\"finish_reason\":\"abort\"}]}",
        "data: {\"choices\":[]}",
        "data: {\"choices\":[1]}",
        "data: {\"choices\":{\"index\":0}}",
        "data: {\"choices\":[{\"index\":1e99}]}",
        "data: {\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}",
        "data: {\"usage\":{\"prompt_tokens\":1e99}}",
        "data: {\"usage\":[[]]}",
        "data: {\"error\":{\"message\":\"no\",\"code\":500}}",
        "data: {\"error\":\"no\"}",
        "data: {\"error\":{\"message\":{},\"code\":\"\\ud800\"}}",
        "data: {\"error\":null}",
        "data: {\"error\":[]}",
        "data: {\"\\ud800\":1}",
        "data: {\"detail\":[{\"loc\":[\"body\",\"n\"],\"msg\":\"bad\"}]}",
        "data: {\"detail\":[{\"loc\":5}]}",
        "data: {\"object\":\"error\",\"message\":\"\\ud800\",\"code\":400}",
    ];

    /// <summary>The next stream.</summary>
    public byte[] Next()
    {
        if (random.OneIn(4) && Corpus.Streams.Count > 0)
            return Mutations.Of(random.Pick(Corpus.Streams), random);
        var text = new StringBuilder();
        for (int i = random.Next(8); i >= 0; i--)
        {
            text.Append(random.Pick(Lines)).Append(random.Pick(Ends));
            if (!random.OneIn(4))
                text.Append(random.Pick(Ends));
        }
        byte[] bytes = Encoding.UTF8.GetBytes(text.ToString());
        return random.OneIn(3) ? Mutations.Of(bytes, random) : bytes;
    }
}
