namespace DeterministicInference.ModelTools.Data.Tables;

/// <summary>Questions about starting and configuring the server.</summary>
internal static class RunningTopics
{
    public static readonly Topic[] All =
    [
        new(
            "Run deterministic-inference-server --backend embedded for the bundled model, or give your own model "
                + "with --model-path.",
            "how (do|can|should) I start (the|this) server?",
            "how (do|can|would) I (start|run|launch|use) (it|this|the server|this server|the program|you)?",
            "how (do|can) I (get started|begin)?",
            "what is the command to (start|run|launch) (the server|it)?",
            "how to (start|run|launch|use) (the server|it|this|this server)?",
            "(start|run|launch) the server",
            "(which|what) command (starts|runs|launches) the server?",
            "show me how to (start|run|launch) (the server|it)",
            "how (do|can) I (run|start) the (embedded engine|embedded backend|bundled model|built-in model)?",
            "how do I set (it|this|the server) up?",
            "I want to (start|run|launch|try|use) the server",
            "how does one (start|run) the server?",
            "how do I (try|test) (it|this|the server)?",
            "what do I need to (type|do) to start the server?",
            "how is the server started?",
            "quick start",
            "getting started?",
            "how do I run (the |)deterministic(-| )inference(-| )server?",
            "how do I serve a model?"
        )
        {
            Weight = 5,
        },
        new(
            "Use --proxy-port, for example --proxy-port 8080. The default port is 8080.",
            "how (do|can|should) I (set|change) the port?",
            "how (do|can|would) I (set|change|choose|select|configure|specify) (the|another|a different|my own) "
                + "port( number|)?",
            "(which|what) port (does the server use|is used|does it use|does it listen on|is it on|do I use|is the "
                + "default)?",
            "what is the (default port|port|port number)?",
            "(set|change) the port",
            "how to (set|change|choose|configure) the port?",
            "(which|what) (flag|option|setting) (sets|changes|is for|selects) the port?",
            "can I (use|run it on|run on|choose|have) (another|a different) port?",
            "I (want|need|would like) to (use|change to|run on) (another|a different) port",
            "how (do|can) I (make it|let it) listen on (another|a different) port?",
            "how do I run (it|the server) on port (9000|8000|3000|80|5000|8081)?",
            "the port is (taken|in use|already in use|busy)",
            "port?",
            "where (do|can) I (set|change) the port?",
            "is there a (flag|option|setting) for the port?",
            "on which port is the server( listening| running|)?",
            "how do I change the listening port?"
        )
        {
            Weight = 5,
        },
        new(
            "Use --model-path with a model folder or a hub name, for example --model-path qwen/qwen2.5-0.5b-instruct.",
            "how (do|can|should) I (set|choose|change) the model?",
            "how (do|can) I (load|use|run|serve|select|specify|pick) (another|a different|my own|a bigger|a better|a "
                + "local|a new) model?",
            "(which|what) (flag|option|setting) (sets|selects|is for|chooses) the model?",
            "(set|change|switch|select) the model",
            "how to (set|load|change|choose|use) (a|the|another|my own) model?",
            "can I (use|load|run|serve) (another|my own|a bigger|a local|a different|a larger) model?",
            "where (do|can) I (set|change|put|give) the model( path|)?",
            "I (want|need|would like) to (use|load|run|serve) (another|my own|a bigger|a different) model",
            "how do I (serve|run|load) (a Hugging Face model|qwen|llama|a Llama model|a Qwen model|mistral)?",
            "what is the model path?",
            "how do I switch (models|to another model|the model)?",
            "(which|what) models (can I use|are supported|work|can it run)?",
            "is there a flag for the model?",
            "how do I tell the server which model to (use|load)?"
        )
        {
            Weight = 4,
        },
        new(
            "Use --seed, for example --seed 42. It is used when a request has no seed of its own. The default is 42.",
            "how (do|can|should) I (set|change) the seed?",
            "how (do|can) I (choose|specify|select|configure|fix|pick) (the|a|another|my own) (seed|random seed)?",
            "what is the (default seed|seed|seed value)?",
            "(set|change|fix) the seed",
            "(which|what) (flag|option|setting) (sets|is for|changes) the seed?",
            "how to (set|change|fix|choose) the seed?",
            "what does the seed do?",
            "(which|what) seed (is used|does the server use|do you use|is the default)?",
            "can I (set|change|choose|use) (a|another|my own|a different) seed?",
            "what is a seed?",
            "seed?",
            "where (do|can) I set the seed?",
            "what is the seed for?",
            "is there a flag for the seed?",
            "do I need (a|to set a|to send a) seed?",
            "I (want|need) to (set|change|use) (a|another|the) seed"
        )
        {
            Weight = 4,
        },
        new(
            "Use --backend with sglang, vllm, llamacpp, tgi, embedded or external. The default is sglang.",
            "how (do|can|should) I (set|choose|change) the (backend|engine)?",
            "how (do|can) I (select|specify|switch|pick|use) (the|another|a different) (backend|engine)?",
            "(set|change|switch|choose|select) the (backend|engine)",
            "(which|what) (flag|option|setting) (sets|selects|chooses|is for) the (backend|engine)?",
            "(which|what) (backends|engines) (are there|are supported|does it support|can I use|are available|do you "
                + "support|does the server support)?",
            "(list|name|show|tell me) (the|all) (backends|engines|supported backends|supported engines)",
            "what is the default (backend|engine)?",
            "does (it|the server|this) (support|work with|run) (vLLM|SGLang|llama.cpp|TGI|vllm|sglang)?",
            "can I use (vLLM|SGLang|llama.cpp|TGI|vllm|sglang)( with it| with this server| as backend|)?",
            "how do I use (vLLM|SGLang|llama.cpp|TGI|the vllm backend|the sglang backend)?",
            "how to (choose|change|set|select) the backend?",
            "backends?",
            "what (backends|engines) do you have?",
            "what is a backend?",
            "is there a flag for the backend?",
            "supported backends?",
            "with which engines does it work?"
        )
        {
            Weight = 4,
        },
        new(
            "Use --backend external with --backend-url and the address of the running engine. Nothing is launched then.",
            "how (do|can) I (use|attach to|connect to) a running (server|engine|backend)?",
            "how (do|can) I (connect|attach) (it|the server) to (a remote|another|an external|a running) (server|"
                + "engine|backend)?",
            "what is the external backend?",
            "can (it|the server|I) (use|attach to|connect to) (a remote|an external|an existing|a running) (server|"
                + "engine|backend)?",
            "what is --backend-url?",
            "how do I use --backend-url?",
            "my engine (is already running|runs on another machine|already runs)",
            "how do I use an external (engine|backend|server)?",
            "can it attach to a server that already runs?",
            "how do I use (it|the server) without launching an engine?",
            "how do I use several machines?"
        ),
        new(
            "It is our own CPU engine. With the same weights it gives the same bits on every CPU, and it needs no GPU.",
            "what is the (embedded engine|embedded backend|built-in engine)?",
            "(explain|describe) the embedded (engine|backend)",
            "do I need a (GPU|graphics card|video card)?",
            "does (it|the server|this) (need|require|work without|run without) a GPU?",
            "can (it|I|the server) run (it |)on a (CPU|laptop)?",
            "does it give the same (answer|bits|output|result) on (every|each|any|another|all) (CPU|machine|computer)?",
            "is the (answer|output|result) the same on (every|another|all|different) (CPU|machine|computer|CPUs|"
                + "machines)?",
            "what does embedded mean?",
            "tell me about the embedded (engine|backend)",
            "how does the embedded (engine|backend) work?",
            "can I use (it|this|the server) without (a GPU|GPU|a graphics card)?",
            "what hardware do I need?",
            "is the embedded engine (deterministic|fast|good|exact)?",
            "does it run on (ARM|AMD|Intel|my laptop|my CPU)?",
            "does it use the GPU?",
            "are you running on (a CPU|my CPU|a GPU|the CPU)?"
        )
        {
            Weight = 3,
        },
        new(
            "The log goes to the console. Use --log-file to write it to a file and --log-level to choose how much it "
                + "says.",
            "where (are|do I find|can I find|can I see) the logs?",
            "where (is|do I find|can I find) the (log|log file|logfile)?",
            "how (do|can) I (see|read|find|get|save|write) the (logs|log|log file)?",
            "how (do|can) I (set|change) the log (level|file)?",
            "(show|give) me the logs",
            "how do I log to a file?",
            "(which|what) log levels are there?",
            "how do I get (more|less|debug) (logs|output|logging|log output)?",
            "can (it|the server) (write|save) (a log file|the log to a file|logs)?",
            "how do I (turn on|enable|get) (debug logging|debug output|verbose logging)?",
            "logs?",
            "how to (see|read|find) the logs?",
            "where does the server (log|write its log|write logs)?",
            "what is --log-(level|file)?",
            "how do I set the logging?"
        )
        {
            Weight = 3,
        },
        new(
            "Yes. Every flag has a variable that starts with INFERENCE_, for example INFERENCE_SEED for --seed.",
            "can I (use|set) environment variables?",
            "(are there|does it support|does it read|do you support) environment variables?",
            "how (do|can) I (use|set) (an environment variable|environment variables|settings by environment)?",
            "can I (configure|set) (it|the server) (with|by|through|using) (the environment|environment variables)?",
            "(which|what) environment variables are there?",
            "is there an environment variable( for that| for the seed| for the port|)?",
            "environment variables?",
            "how do I configure (it|the server) in (docker|a container|kubernetes)?",
            "what is INFERENCE_SEED?",
            "do the flags have environment variables?"
        ),
        new(
            "Use --config with a JSON file. Environment variables and the command line win over it.",
            "can I use a config file?",
            "is there a (config|configuration|settings) file?",
            "how (do|can) I (use|load|give|write) a (config|configuration|settings) file?",
            "where is the (config|configuration|config file|configuration file)?",
            "(how|where) do I configure (the server|it|this)?",
            "what (format|kind of file) is the (config|configuration)( file|)?",
            "can I put the (settings|flags|options) (in|into) a file?",
            "config file?",
            "how do I configure the server?",
            "which (setting|value) wins?",
            "what is --config?",
            "how do I set (options|settings)?",
            "how to configure (it|the server)?"
        )
        {
            Weight = 3,
        },
        new(
            "Use --print-config. It shows every value and where it came from.",
            "how (do|can) I (see|show|print|check|view) (the|all|my|the current) (settings|configuration|config|"
                + "values)?",
            "(show|print|list) (the|all) (settings|configuration|config|options)",
            "what does --print-config (do|show)?",
            "(which|what) settings (are there|does it have|are active|are set)?",
            "where does a (setting|value) come from?",
            "how do I (list|see) all (flags|options|settings)?",
            "what is --print-config?",
            "(which|what) (flags|options) (are there|does it have|can I use|do you have)?"
        ),
        new(
            "Use --api-key or --api-key-file. Clients then have to send that key.",
            "how (do|can|should) I (set|use|add) an API key?",
            "how (do|can) I (protect|secure|lock) the server?",
            "(do I need|does it need|is there) an API key?",
            "(which|what) API key do I (need|use|send)?",
            "how (do|can) I (require|enable|turn on|configure) (an API key|API keys|authentication|a password)?",
            "can I (set|use|have) (an API key|several API keys|a password|API keys)?",
            "API key?",
            "(set|add) an API key",
            "where do I (put|set|get) the API key?",
            "is there (authentication|a login|a password)?",
            "how do I (get|create) an API key?"
        )
        {
            Weight = 3,
        },
        new(
            "The commands are serve, engine, probe, verify, receipts and doctor. Serve is the default.",
            "(which|what) commands are there?",
            "(list|show|name) (the|all) commands",
            "what commands (does it have|can I use|do you have|does the server have|are available)?",
            "commands?",
            "what (is the default command|are the commands|are the subcommands)?",
            "tell me the commands",
            "(which|what) subcommands are there?",
            "what can I run?",
            "what does the (serve|engine|receipts) command do?"
        ),
        new(
            "0 means success, 1 a failure at run time and 2 wrong usage. The verify command has codes of its own.",
            "what do the exit codes mean?",
            "what are the exit codes?",
            "(which|what) exit codes (are there|does it have|does the server use)?",
            "what does exit code (0|1|2) mean?",
            "(explain|list|show me) the exit codes",
            "exit codes?",
            "(it|the server|my server) exited with (code |)(1|2)",
            "why did (it|the server) (exit|stop) with code (1|2)?",
            "what is exit code (0|1|2)?",
            "the server (failed|ended) with code (1|2)"
        )
        {
            Weight = 2,
        },
        new(
            "Press Ctrl+C or send SIGTERM. Running requests are finished first, then the engine is stopped.",
            "how (do|can|should) I stop the server?",
            "how (do|can) I (stop|end|quit|close|shut down|kill|exit) (it|this|the server|the program|the engine)?",
            "(stop|quit|close|shut down) the server",
            "how to (stop|quit|end) (it|the server)?",
            "what happens (on|to running requests on) (shutdown|SIGTERM|Ctrl+C)?",
            "what happens when I stop (it|the server)?",
            "how does the server (stop|shut down)?",
            "does (it|the server) (finish|drain) (running |)requests( before it stops| first|)?",
            "what is the right way to stop (it|the server)?",
            "how do I turn (it|the server) off?"
        )
        {
            Weight = 2,
        },
        new(
            "The engine is restarted, at most 5 times in 600 seconds. Change this with --max-restarts and "
                + "--restart-window.",
            "what happens (if|when) the (engine|backend|model) crashes?",
            "what (if|happens if) the (engine|backend) (dies|fails|crashes|stops)?",
            "does (it|the server) restart the (engine|backend)?",
            "how often (is the engine restarted|does it restart|will it restart)?",
            "is the (engine|backend) (supervised|restarted|watched)?",
            "my (engine|backend) (crashed|crashes|died|keeps crashing)",
            "how (do|can) I (set|change|limit) the (restarts|number of restarts|maximum restarts)?",
            "what is --max-restarts?",
            "does the engine restart after a crash?"
        ),
        new(
            "Engines are launched on Linux. On other systems use --backend-url with an engine that already runs.",
            "does (it|this|the server) (run|work) on (Windows|Mac|macOS|a Mac|Linux)?",
            "(which|what) (operating systems|systems|platforms|OS) (does it support|are supported|does it run on|can "
                + "I use|do I need)?",
            "can I (use|run) (it|this|the server) on (Windows|Mac|macOS|a Mac|Linux)?",
            "is (Windows|Linux|macOS) supported?",
            "do I need Linux?",
            "is there a (Windows|Mac|Linux) version?",
            "where does (it|the server) run?"
        ),
    ];
}
