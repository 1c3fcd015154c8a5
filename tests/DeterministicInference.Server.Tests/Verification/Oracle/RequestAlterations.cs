using static DeterministicInference.Server.Tests.Verification.Oracle.Changes;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>The request that is said to have been answered.</summary>
internal static class RequestAlterations
{
    private const string Evil = "\"EVIL\"",
        Messages = """[{"role":"user","content":"EVIL"}]""";

    public static IReadOnlyList<Alteration> All { get; } =
    [
        new("another seed where one is pinned", "chat", Set("req:seed", "999")),
        new("a seed that is an object where one is pinned", "chat", Set("req:seed", """{"text":"EVIL"}""")),
        new("no seed where one is pinned", "chat", Drop("req:seed")),
        new("a seed that is null where one is pinned", "chat", Set("req:seed", "null")),
        new("the pinned seed", "chat", Set("req:seed", "42")),
        new("a second seed where one is pinned", "chat", Before("req:seed", "999")),
        new("another model where one is pinned", "chat", Set("req:model", "\"gpt-4o\"")),
        new("no model where one is pinned", "chat", Drop("req:model")),
        new("a seed where none was sent", "completion", Add("req:", "seed", "999")),
        new("another question", "chat", Set("req:messages[0].content", Evil)),
        new("messages twice, the false ones first", "chat", Before("req:messages", Messages)),
        new("messages twice, the false ones last", "chat", After("req:messages", Messages)),
        new(
            "messages twice, one with an escape in its name",
            "chat",
            After("req:messages", Messages, @"m\u0065ssages")
        ),
        new("Messages beside messages", "chat", Add("req:", "Messages", Messages)),
        new("content of a message twice", "chat", Before("req:messages[0].content", Evil)),
        new("a Content in a message", "chat", Add("req:messages[0]", "Content", Evil)),
        new("another role of a message", "chat", Set("req:messages[0].role", "\"system\"")),
        new("a message more", "chat", Append("req:messages", """{"role":"system","content":"EVIL"}""")),
        new("another temperature", "chat", Set("req:temperature", "1")),
        new("another spelling of a number", "chat", Set("req:temperature", "0.0")),
        new("an alias of a limit", "completion", Add("req:", "max_completion_tokens", "1")),
        new("another limit", "completion", Set("req:max_tokens", "9")),
        new("another prompt", "completion", Set("req:prompt", Evil)),
        new("a prompt beside messages", "chat", Add("req:", "prompt", Evil)),
        new("n added", "chat", Add("req:", "n", "2")),
        new("n added, null", "chat", Add("req:", "n", "null")),
        new("an unknown member", "chat", Add("req:", "nobody", Evil)),
        new("a user (control)", "chat", Add("req:", "user", Evil)),
        new(
            "white space around the request (control)",
            "chat",
            exchange => exchange.OtherRequest = $" {exchange.Request} \n"
        ),
        new(
            "a byte order mark before the request (control)",
            "chat",
            exchange => exchange.OtherRequest = $"\ufeff{exchange.Request}"
        ),
        new(
            "half of a pair behind the question",
            "chat",
            Set("req:messages[0].content", @"""Capital of France?\ud83d""")
        ),
        new("another seed in a bundle", "chat", Set("req:seed", "999")) { Form = ExchangeForm.Bundle },
        new("another seed beside the receipt", "chat", Set("req:seed", "999")) { Form = ExchangeForm.Separate },
        new("another model beside the receipt", "stream", Set("req:model", "\"gpt-4o\""))
        {
            Form = ExchangeForm.Separate,
        },
        new("no request", "chat", exchange => exchange.OtherRequest = ""),
    ];
}
