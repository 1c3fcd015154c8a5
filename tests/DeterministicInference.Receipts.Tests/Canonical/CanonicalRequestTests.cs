using System.Buffers;
using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts.Canonical;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Canonical;

public class CanonicalRequestTests
{
    private const string Head = "dis-req/2\n/v1/completions\n";

    [Theory]
    // Whitespace goes, except inside of strings.
    [InlineData("{ \"a\" :\t[ 1 ,\r\n 2 ] , \"b\" : \" x \" }", """{"a":[1,2],"b":" x "}""")]
    // Below the top level numbers are the bytes that came.
    [InlineData(
        """{"x":[9007199254740993,1.0,-1.50e0,1E+2,-0,0.10,123456789012345678901234567890]}""",
        """{"x":[9007199254740993,1.0,-1.50e0,1E+2,-0,0.10,123456789012345678901234567890]}"""
    )]
    // One spelling per string.
    [InlineData(
        """{"s":"\"\\\/\b\f\n\r\t\u0000\u001F\u007f\u00e9\u2028\ud83d\ude00\u0022\u005C\u0008"}""",
        "{\"s\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u007fé\u2028😀\\\"\\\\\\b\"}"
    )]
    // RFC 8785, section 3.2.2.2.
    [InlineData("""{"s":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/"}""", """{"s":"€$\u000f\nA'B\"\\\\\"/"}""")]
    // No Unicode normalisation.
    [InlineData("""{"s":"e\u0301 \u00e9"}""", "{\"s\":\"e\u0301 é\"}")]
    // The top level is sorted by the UTF-8 bytes of the unescaped names; below it, order is as received.
    [InlineData(
        """{"b":{"z":1,"a":2},"\uD83D\uDE00":1,"\uE000":2,"B":3,"\u0061":[{"y":1,"x":2}],"":0}""",
        "{\"\":0,\"B\":3e0,\"a\":[{\"y\":1,\"x\":2}],\"b\":{\"z\":1,\"a\":2},\"\uE000\":2e0,\"😀\":1e0}"
    )]
    [InlineData("""{"10":1,"9":2,"1":3}""", """{"1":3e0,"10":1e0,"9":2e0}""")]
    // Null at the top level is absent; below it is a value.
    [InlineData("""{"max_tokens":null,"t":true,"f":false,"x":[null]}""", """{"f":false,"t":true,"x":[null]}""")]
    // A number at the top level and in logit_bias is its value.
    [InlineData(
        """{"a":0.70,"b":7E-1,"c":100,"d":1.0,"e":-0.0,"f":-12.50e3,"g":0e9,"h":9007199254740993,"i":1e-0007}""",
        """{"a":7e-1,"b":7e-1,"c":1e2,"d":1e0,"e":0,"f":-125e2,"g":0,"h":9007199254740993e0,"i":1e-7}"""
    )]
    [InlineData("""{"a":1e123456789012,"b":1E+99}""", """{"a":1e123456789012,"b":1e99}""")]
    [InlineData(
        """{"logit_bias":{"5":1.0,"\u0033":-100,"x":[1.0]},"x":{"y":1.0}}""",
        """{"logit_bias":{"5":1e0,"3":-1e2,"x":[1.0]},"x":{"y":1.0}}"""
    )]
    // What says nothing is left out.
    [InlineData(
        """{"prompt":"x","n":1.0,"echo":false,"stop":[],"logit_bias":{},"skip_special_tokens":true,"ignore_eos":false}""",
        """{"prompt":"x"}"""
    )]
    [InlineData(
        """{"n":2,"echo":true,"stop":"","skip_special_tokens":false,"logprobs":false,"max_completion_tokens":5}""",
        """{"echo":true,"logprobs":false,"max_completion_tokens":5e0,"n":2e0,"skip_special_tokens":false,"stop":""}"""
    )]
    // Nothing but the listed names is removed, and only at the top.
    [InlineData(
        """{"stream":true,"stream_options":{}, "user":1,"safety_identifier":1,"metadata":{},"store":1,"""
            + """ "service_tier":1,"rid":1,"priority":1,"custom_labels":1,"tee":1,"x":{"stream":1},"\u0073tream2":1}""",
        """{"stream2":1e0,"x":{"stream":1}}"""
    )]
    [InlineData("{}", "{}")]
    [InlineData("""{"a":{},"b":[],"c":[[],{}]}""", """{"a":{},"b":[],"c":[[],{}]}""")]
    public void Canonical_form(string body, string json) => Assert.Equal(Head + json + "\n", Written(body));

    /// <summary>What vLLM's and SGLang's routers make of a request is the same request.</summary>
    [Theory]
    [InlineData(
        """{"max_tokens":12,"messages":[],"seed":3,"stream":false,"logprobs":false,"no_stop_trim":false,"""
            + """ "ignore_eos":false,"continue_final_message":false,"skip_special_tokens":true,"n":1,"stop":null,"""
            + """ "separate_reasoning":true,"stream_reasoning":true,"return_hidden_states":false,"temperature":0.7,"""
            + """ "include_reasoning":true}"""
    )]
    [InlineData("""{"messages":[],"max_completion_tokens":12,"seed":3,"temperature":7e-1}""")]
    public void A_chat_that_a_router_wrote_anew_is_the_same(string body)
    {
        Sha256Value sent = Chat("""{"temperature":0.70,"messages":[],"max_tokens":12,"seed":3}""");
        Assert.Equal(sent, Chat(body));
        Assert.NotEqual(sent, Chat(body.Replace("\"seed\":3", "\"seed\":4", StringComparison.Ordinal)));
    }

    /// <summary>Of two limits engines take one or the other.</summary>
    [Fact]
    public void Two_limits_of_length_stay_two() =>
        Assert.NotEqual(
            Chat("""{"max_tokens":1,"max_completion_tokens":2}"""),
            Chat("""{"max_tokens":2,"max_completion_tokens":1}""")
        );

    [Fact]
    public void The_engine_got_the_clients_members_with_the_pins()
    {
        byte[] effective = CanonicalRequest.Effective(
            "/v1/chat/completions",
            """{"max_completion_tokens":1.0,"seed":7,"model":null,"user":"u","n":1,"x":[1.50,"\u00e9"]}"""u8,
            new RequestPins([new("seed", "42"), new("model", "\"tiny\"")])
        );
        Assert.Equal(
            """{"max_completion_tokens":1.0,"x":[1.50,"é"],"model":"tiny","seed":42}""",
            Encoding.UTF8.GetString(effective)
        );
    }

    [Fact]
    public void A_byte_order_mark_is_not_part_of_it() => Assert.Equal(Digest("{}"), Digest("\uFEFF{}"));

    [Fact]
    public void The_path_is_part_of_it() =>
        Assert.NotEqual(
            CanonicalRequest.Digest("/v1/completions", "{}"u8),
            CanonicalRequest.Digest("/v1/chat/completions", "{}"u8)
        );

    [Theory]
    [InlineData("/v1/embeddings")]
    [InlineData("/v1/completions?x=1")]
    [InlineData("/v1/completions/")]
    public void No_other_path_has_a_form(string path) =>
        Assert.Throws<ArgumentException>(() => CanonicalRequest.Digest(path, "{}"u8));

    [Theory]
    [InlineData("", CanonicalFormError.InvalidJson, "", 0)]
    [InlineData("{", CanonicalFormError.InvalidJson, "", 1)]
    [InlineData("{}{}", CanonicalFormError.InvalidJson, "", 2)]
    [InlineData("{\"a\":1,}", CanonicalFormError.InvalidJson, "a", null)]
    [InlineData("{\"a\":01}", CanonicalFormError.InvalidJson, "a", null)]
    [InlineData("{\"a\":NaN}", CanonicalFormError.InvalidJson, "a", null)]
    [InlineData("{\"a\":[1,\"\t\"]}", CanonicalFormError.InvalidJson, "a[0]", null)]
    [InlineData("/**/{}", CanonicalFormError.InvalidJson, "", 0)]
    [InlineData("[]", CanonicalFormError.NotAnObject, "", 0)]
    [InlineData("\"x\"", CanonicalFormError.NotAnObject, "", 0)]
    [InlineData("{\"a\":1,\"a\":1}", CanonicalFormError.DuplicateName, "a", 7)]
    [InlineData("{\"a\":1,\"\\u0061\":1}", CanonicalFormError.DuplicateName, "a", 7)]
    [InlineData("{\"user\":1,\"user\":1}", CanonicalFormError.DuplicateName, "user", 10)]
    [InlineData(
        "{\"tools\":[{},{\"f\":{\"x\":1,\"y\":2,\"x\":3}}]}",
        CanonicalFormError.DuplicateName,
        "tools[1].f.x",
        31
    )]
    [InlineData(
        "{\"messages\":[{\"content\":\"\\ud83d\"}]}",
        CanonicalFormError.UnpairedSurrogate,
        "messages[0].content",
        24
    )]
    [InlineData("{\"user\":\"\\ude00\\ud83d\"}", CanonicalFormError.UnpairedSurrogate, "user", 8)]
    [InlineData("{\"a\":\"\\ud83dx\\ude00\"}", CanonicalFormError.UnpairedSurrogate, "a", 5)]
    [InlineData("{\"a\":\"\\ud83d\\ud83d\\ude00\"}", CanonicalFormError.UnpairedSurrogate, "a", 5)]
    [InlineData("{\"\\udc00\":1}", CanonicalFormError.UnpairedSurrogate, "?", 1)]
    public void What_has_no_canonical_form_is_refused_naming_the_place(
        string body,
        Enum error,
        string place,
        int? offset
    )
    {
        var refusal = Assert.Throws<CanonicalFormException>(() => Digest(body));
        Assert.Equal(((CanonicalFormError)error, place), (refusal.Error, refusal.Place));
        if (offset is { } bytes)
            Assert.Equal(bytes, refusal.Offset);
        Assert.Contains(place.Length == 0 ? "the top level" : $"'{place}'", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("C328")]
    [InlineData("EDA0BD")]
    [InlineData("C0AF")]
    [InlineData("F5808080")]
    [InlineData("FF")]
    public void Bytes_that_are_not_UTF8_are_refused_naming_the_place(string hex)
    {
        byte[] body = [.. "{\"a\":1,\"b\":[\"x\",\"é"u8, .. Convert.FromHexString(hex), .. "\"]}"u8];
        var refusal = Assert.Throws<CanonicalFormException>(() => CanonicalRequest.Digest("/v1/completions", body));
        Assert.Equal(CanonicalFormError.InvalidUtf8, refusal.Error);
        Assert.Equal(19, refusal.Offset);
        Assert.StartsWith("b[", refusal.Place, StringComparison.Ordinal);
    }

    [Fact]
    public void Sixty_four_levels_are_enough()
    {
        Assert.NotEqual(default, Digest(Nested(64)));
        var refusal = Assert.Throws<CanonicalFormException>(() => Digest(Nested(65)));
        Assert.Equal(CanonicalFormError.TooDeep, refusal.Error);
        Assert.StartsWith("a[0][0]", refusal.Place, StringComparison.Ordinal);
        Assert.Equal(
            CanonicalFormError.TooDeep,
            Assert.Throws<CanonicalFormException>(() => Digest(Nested(100_000))).Error
        );

        static string Nested(int levels) => "{\"a\":" + new string('[', levels - 1) + new string(']', levels - 1) + "}";
    }

    [Fact]
    public void Messages_do_not_hold_the_content()
    {
        var refusal = Assert.Throws<CanonicalFormException>(() =>
            Digest("{\"messages\":[{\"content\":\"secret \\ud800\"}]}")
        );
        Assert.Equal("Half of a surrogate pair at 'messages[0].content' (byte 24).", refusal.Message);
    }

    [Fact]
    public void A_place_is_short_and_printable()
    {
        string name = "\\n" + new string('x', 10_000);
        var refusal = Assert.Throws<CanonicalFormException>(() => Digest("{\"a\":{\"" + name + "\":\"\\ud800\"}}"));
        Assert.Equal("a.?" + new string('x', 63) + "…", refusal.Place);
    }

    [Theory]
    [InlineData("""{"n":2,"prompt":"x"}""", null, 2)]
    [InlineData("""{"n":2.0}""", null, 2)]
    [InlineData("""{"n":1e1}""", null, 10)]
    [InlineData("""{"n":"3"}""", "3", 3)]
    [InlineData("""{"prompt":"x"}""", "4", 4)]
    [InlineData("""{"n":5}""", "1", 1)]
    [InlineData("""{"prompt":"x","logit_bias":{"n":7}}""", null, 1)]
    [InlineData("""{"n":null}""", null, 1)]
    [InlineData("""{"n":0}""", null, 1)]
    [InlineData("""{"n":-2}""", null, 1)]
    [InlineData("""{"n":2.5}""", null, 1)]
    [InlineData("""{"n":1e99}""", null, 1)]
    [InlineData("""{"n":99999999999}""", null, 1)]
    [InlineData("""{"n":"2"}""", null, 1)]
    public void The_number_of_choices_for_each_prompt_is_n_as_the_engine_got_it(string body, string? pin, int expected)
    {
        var pins = new RequestPins(pin is null ? [] : [new("n", pin)]);
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        Assert.Equal(expected, CanonicalRequest.ChoicesPerPrompt(bytes, pins));
        using JsonDocument document = JsonDocument.Parse(bytes);
        Assert.Equal(expected, CanonicalRequest.ChoicesPerPrompt(document.RootElement, pins));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"n\":")]
    [InlineData("{\"n\":1,\"n\":2}")]
    public void What_is_no_request_has_no_number_of_choices(string body) =>
        Assert.Throws<CanonicalFormException>(() =>
            CanonicalRequest.ChoicesPerPrompt(Encoding.UTF8.GetBytes(body), RequestPins.None)
        );

    /// <summary>A server that has parsed a request binds what a verifier computes from the bytes.</summary>
    [Theory]
    [InlineData("""{"prompt":"x"}""")]
    [InlineData(""" { "b" : [ 1.0 , {"z":null,"a":"\u00e9\ud83d\ude00"} ] , "a" : "\/" , "stream" : true } """)]
    public void A_parsed_request_has_the_digest_of_its_text(string body)
    {
        using JsonDocument document = JsonDocument.Parse(body);
        Assert.Equal(
            CanonicalRequest.Digest("/v1/completions", Encoding.UTF8.GetBytes(body)),
            CanonicalRequest.Digest("/v1/completions", document.RootElement)
        );
    }

    [Theory]
    [InlineData("{\"user\":\"\\ude00\"}", "user", 8)]
    [InlineData("{\"seed\":\"\\ud83d\"}", "seed", 8)]
    [InlineData("{\"a\":[{\"\\udc00\":1}]}", "a[0].?", 7)]
    public void Half_a_surrogate_pair_in_a_parsed_request_is_refused_wherever_it_stands(
        string body,
        string place,
        int offset
    )
    {
        using JsonDocument document = JsonDocument.Parse(body);
        var refusal = Assert.Throws<CanonicalFormException>(() =>
            CanonicalRequest.Digest("/v1/completions", document.RootElement)
        );
        Assert.Equal(
            (CanonicalFormError.UnpairedSurrogate, place, (long)offset),
            (refusal.Error, refusal.Place, refusal.Offset)
        );
    }

    private static Sha256Value Chat(string body) =>
        CanonicalRequest.Digest("/v1/chat/completions", Encoding.UTF8.GetBytes(body));

    private static string Written(string body)
    {
        var written = new ArrayBufferWriter<byte>();
        CanonicalRequest.Write("/v1/completions", Encoding.UTF8.GetBytes(body), written);
        return Encoding.UTF8.GetString(written.WrittenSpan);
    }

    private static Sha256Value Digest(string body) =>
        CanonicalRequest.Digest("/v1/completions", Encoding.UTF8.GetBytes(body));
}
