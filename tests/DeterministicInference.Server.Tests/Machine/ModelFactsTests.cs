using System.Text;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Engines.Embedded;
using DeterministicInference.Server.Engines.LlamaCpp;
using DeterministicInference.Server.Engines.Sglang;
using DeterministicInference.Server.Machine;
using DeterministicInference.Server.Tests.Engines;
using Xunit;

namespace DeterministicInference.Server.Tests.Machine;

/// <summary>Facts about a model that are visible without loading it.</summary>
public sealed class ModelFactsTests
{
    private readonly string _folder = TestModels.NewFolder("facts");

    [Theory]
    [InlineData("/models/that/are/not/there", true)]
    [InlineData("./not-there", true)]
    [InlineData("../not-there", true)]
    [InlineData("~/not-there", true)]
    [InlineData("qwen/qwen2.5-0.5b-instruct", false)]
    [InlineData("gpt2", false)]
    public void A_path_must_exist_and_a_name_on_the_hub_need_not(string path, bool isMissing) =>
        Assert.Equal(isMissing, Read(path).IsMissing);

    [Fact]
    public void A_missing_model_is_refused_unless_a_wrapper_may_see_another_machine()
    {
        Found.Is(
            Check(null),
            "Refused model_missing: --model-path: '/models/gone' does not exist on this machine. Give the path of the "
                + "model, or its name on the model hub"
        );
        Found.Is(Check("/venv/bin/python3.12"), "Refused model_missing");
        Found.Is(
            Check("/opt/run-in-container"),
            "Note model_not_seen: --model-path: '/models/gone' does not exist on this machine. The program of "
                + "--backend-command may still see it."
        );

        static IReadOnlyList<Finding> Check(string? command) =>
            Checks.Of(
                new SglangKind(),
                new ServeOptions { ModelPath = "/models/gone", BackendCommand = command },
                Machines.With(new ModelFacts { IsMissing = true }, "8.9")
            );
    }

    [Theory]
    [InlineData(
        """{"architectures":["DeepseekV3ForCausalLM"],"n_routed_experts":256}""",
        "DeepseekV3ForCausalLM",
        true
    )]
    [InlineData("""{"architectures":["MixtralForCausalLM"],"num_local_experts":8}""", "MixtralForCausalLM", true)]
    [InlineData("""{"architectures":["A","B"],"text_config":{"num_experts":128}}""", "A B", true)]
    [InlineData("""{"architectures":["LlamaForCausalLM"],"num_experts":null}""", "LlamaForCausalLM", false)]
    [InlineData(
        """{"time_step_limit":[0.0, Infinity],"a":-Infinity,"b": NaN,"architectures":["Mamba2ForCausalLM"],"num_experts":8}""",
        "Mamba2ForCausalLM",
        true
    )]
    [InlineData("""{"architectures":["LlamaForCausalLM"],"num_experts":1}""", "LlamaForCausalLM", false)]
    [InlineData("{}", "", false)]
    [InlineData("[]", "", false)]
    [InlineData("not json", "", false)]
    [InlineData("""{"architectures":"LlamaForCausalLM"}""", "", false)]
    public void The_architecture_and_experts_are_those_of_the_config(
        string config,
        string architectures,
        bool isMixture
    )
    {
        File.WriteAllText(Path.Combine(_folder, "config.json"), config);
        ModelFacts facts = Read(_folder);
        Assert.Equal(
            (architectures, isMixture, true, false),
            (string.Join(' ', facts.Architectures), facts.IsMixtureOfExperts, facts.IsFolder, facts.IsMissing)
        );
    }

    [Theory]
    [InlineData("a.gguf", "a.gguf")]
    [InlineData("A.GGUF", "A.GGUF")]
    [InlineData("a.gguf b.gguf", "a.gguf b.gguf")]
    [InlineData("a-00001-of-00003.gguf a-00002-of-00003.gguf a-00003-of-00003.gguf", "a-00001-of-00003.gguf")]
    [InlineData("a.gguf mmproj-a.gguf", "a.gguf")]
    [InlineData("a.safetensors config.json", "")]
    public void Of_a_folder_the_files_count_that_can_be_loaded(string files, string loadable)
    {
        foreach (string file in files.Split(' '))
            File.WriteAllText(Path.Combine(_folder, file), "");
        Assert.Equal(
            loadable.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            Read(_folder).GgufFiles.Select(file => Path.GetFileName(file))
        );
    }

    [Theory]
    [InlineData("tokenizer_config.json", """{"chat_template":"{{ strftime_now('%d %b %Y') }}"}""", true)]
    [InlineData(
        "tokenizer_config.json",
        """{"chat_template":[{"name":"default","template":"x"},{"name":"tools","template":"{{ strftime_now('%d') """
            + """}}"}]}""",
        true
    )]
    [InlineData(
        "tokenizer_config.json",
        """{"chat_template":"{% for m in messages %}{{ m.content }}{% endfor %}","comment":"strftime_now"}""",
        false
    )]
    [InlineData("tokenizer_config.json", """{"chat_template":"{{ know(1) }} unknown()"}""", false)]
    [InlineData("tokenizer_config.json", "not json", false)]
    [InlineData("tokenizer_config.json", """{"chat_template":[{"name":"x"}]}""", false)]
    [InlineData("chat_template.jinja", "{{ now() }}", true)]
    [InlineData("chat_template.jinja", "{{ datetime.now().year }}", true)]
    [InlineData("chat_template.json", """{"chat_template":"{{ strftime_now('%d') }}"}""", true)]
    [InlineData("other.txt", "strftime_now", false)]
    public void A_template_with_a_clock_is_seen(string file, string content, bool usesClock)
    {
        File.WriteAllText(Path.Combine(_folder, "config.json"), "{}");
        File.WriteAllText(Path.Combine(_folder, file), content);
        ModelFacts facts = Read(_folder);
        Assert.Equal(usesClock, facts.TemplateUsesClock);
        Found.Is(
            Checks.Of(new SglangKind(), new ServeOptions { ModelPath = _folder }, Machines.With(facts, "8.9")),
            usesClock ? ["Degrades template_uses_clock: The model's chat template uses the date"] : []
        );
        // The embedded engine renders only built-in templates.
        Found.Is(
            Checks.Of(
                new EmbeddedKind(),
                new ServeOptions { Backend = "embedded", ModelPath = _folder },
                Machines.With(facts, "9.0")
            )
        );
    }

    [Fact]
    public void Another_template_is_looked_at_instead_of_the_models()
    {
        File.WriteAllText(Path.Combine(_folder, "chat_template.jinja"), "{{ strftime_now('%d') }}");
        string plain = Path.Combine(_folder, "plain.txt"),
            clock = Path.Combine(_folder, "clock.txt");
        File.WriteAllText(plain, "{{ messages }}");
        File.WriteAllText(clock, "{{ now() }}");
        Assert.False(Read(_folder, "--chat-template", plain).TemplateUsesClock);
        Assert.True(Read(_folder, "--chat-template", clock).TemplateUsesClock);
        Assert.True(Read("org/name", $"--chat-template-file={clock}").TemplateUsesClock);
        Assert.False(Read("org/name", "--chat-template", "chatml").TemplateUsesClock);
    }

    [Theory]
    [InlineData("LLAMA_ARG_CHAT_TEMPLATE_FILE=FILE", "", true)]
    [InlineData("LLAMA_ARG_CHAT_TEMPLATE={{ strftime_now('%d') }}", "", true)]
    [InlineData("LLAMA_ARG_CHAT_TEMPLATE=chatml", "", false)]
    // The file is read after the text, and an argument wins over both.
    [InlineData("LLAMA_ARG_CHAT_TEMPLATE=chatml LLAMA_ARG_CHAT_TEMPLATE_FILE=FILE", "", true)]
    [InlineData("LLAMA_ARG_CHAT_TEMPLATE_FILE=FILE", "--chat-template chatml", false)]
    [InlineData("LLAMA_ARG_CHAT_TEMPLATE=chatml", "--chat-template-file FILE", true)]
    public void The_template_of_a_variable_is_looked_at_and_the_remedy_names_the_flag_for_a_file(
        string variables,
        string arguments,
        bool usesClock
    )
    {
        string file = RelativeFile.Write("clock", "{{ now() }}"),
            model = Path.Combine(_folder, "tiny.gguf");
        File.WriteAllText(model, GgufBytes.Text());
        var engine = new LlamaCppKind();
        var options = new ServeOptions
        {
            Backend = engine.Name,
            ModelPath = model,
            BackendArguments = Words(arguments),
        };
        MachineFacts machine = Machines.With("9.0") with
        {
            Variables = (
                variables.Contains("{{", StringComparison.Ordinal) ? [variables] : Words(variables)
            ).ToDictionary(word => word.Split('=')[0], word => word.Split('=')[1]),
        };
        machine = machine with
        {
            Model = ModelFactsReader.Read(model, engine.Determinism.TemplateIn(options, machine.Variables)),
        };
        Found.Is(
            Checks.Of(engine, options, machine),
            usesClock
                ?
                [
                    "Degrades template_uses_clock: The model's chat template uses the date, so that the same messages "
                        + "give another prompt tomorrow. Pass a template without it after --: --chat-template-file FILE.",
                ]
                : []
        );

        string[] Words(string text) =>
            text.Replace("FILE", file, StringComparison.Ordinal)
                .Replace($"TEMPLATE_{file}", "TEMPLATE_FILE", StringComparison.Ordinal)
                .Split(' ', StringSplitOptions.RemoveEmptyEntries);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    // Across the border of two pieces.
    [InlineData((1 << 20) - 5)]
    [InlineData((3 << 20) + 7)]
    public void The_template_in_a_GGUF_file_is_seen_wherever_it_lies(int at)
    {
        string with = Path.Combine(_folder, "with.gguf"),
            without = Path.Combine(_folder, "without.gguf");
        byte[] filling = new byte[at];
        Array.Fill(filling, (byte)'s');
        File.WriteAllBytes(
            with,
            [.. filling, .. Encoding.ASCII.GetBytes("{{ strftime_now('%d') }}"), .. new byte[5000]]
        );
        File.WriteAllBytes(
            without,
            [.. filling, .. Encoding.ASCII.GetBytes("{{ strftime_then('%d') }}"), .. new byte[5000]]
        );
        Assert.Equal((true, with), (Read(with).TemplateUsesClock, Assert.Single(Read(with).GgufFiles)));
        Assert.False(Read(without).TemplateUsesClock);
    }

    [Fact]
    public void Without_a_model_there_is_nothing_to_see() =>
        Assert.Equal((false, false), (Read(null).IsMissing, Read(null).TemplateUsesClock));

    private static ModelFacts Read(string? path, params string[] arguments) =>
        ModelFactsReader.Read(
            path,
            new LlamaCppKind().Determinism.TemplateIn(
                new ServeOptions { BackendArguments = arguments },
                new Dictionary<string, string>()
            )
        );
}
