namespace DeterministicInference.ModelTools.Data.Tables;

/// <summary>Questions about sending requests and about proofs: receipts, log, verification, probe.</summary>
internal static class RequestTopics
{
    public static readonly Topic[] All =
    [
        new(
            "Send a POST request with a list of messages as JSON to http://localhost:8080/v1/chat/completions.",
            "how (do|can|should) I use curl?",
            "how (do|can) I (send|make) a request( with curl|)?",
            "how (do|can) I (use|call|query|access) (the API|this model|the model|the endpoint)( with curl| from the "
                + "shell|)?",
            "(show|give) me (a|the) curl (example|command|request)",
            "(which|what) (endpoint|URL|address) (do|should) I (use|call)?",
            "what is the (endpoint|URL|address|API)?",
            "how to (use curl|send a request|call the API|use the API)?",
            "can I use curl?",
            "where do I send (my requests|requests|the request|a request)?",
            "how do I (chat|talk) (with|to) (the model|you|the server)( with curl| over HTTP|)?",
            "curl example",
            "(which|what) endpoints (are there|does it have|do you have)?",
            "how do I send a (chat|chat completion|prompt|message)?",
            "what does a request look like?",
            "how do I post a request?",
            "how do I use the (chat|completions|chat completions) (API|endpoint)?"
        )
        {
            Weight = 4,
        },
        new(
            "Set the base URL of the OpenAI client to http://localhost:8080/v1. Any model name is accepted.",
            "how (do|can|should) I use the OpenAI (SDK|client|library)?",
            "can I use the OpenAI (SDK|client|library|Python client|Python library|API)?",
            "how (do|can) I (connect|use|configure) (the |my |)(OpenAI|Python|openai|Node) (SDK|client|library|"
                + "package)?",
            "does (it|this|the server) work with (OpenAI|the OpenAI SDK|the OpenAI client|langchain|LangChain|the "
                + "OpenAI library)?",
            "is (it|this|the server|the API) OpenAI(-| )compatible?",
            "what is the base (URL|url)?",
            "(which|what) base URL (do|should) I use?",
            "how do I use (it|this|the server|you) (from|in|with) (Python|C#|Node|JavaScript|my program|my app|code)?",
            "how to use the OpenAI (SDK|client)?",
            "how do I set the base (URL|url)?",
            "OpenAI SDK?",
            "is this the OpenAI API?",
            "(which|what) model name (do|should) I (use|send|give)?",
            "how do I use the openai python package?"
        )
        {
            Weight = 4,
        },
        new(
            "Add \"stream\": true to the request. The answer then comes piece by piece as server-sent events.",
            "how (do|can|should) I stream?",
            "how (do|can) I (stream|get a stream of) (the answer|answers|tokens|the output|a response|responses|the "
                + "response)?",
            "(does it|can it|do you|does the server|can you) (support streaming|stream|do streaming)( answers| "
                + "tokens|)?",
            "how (do|can) I (turn on|enable|use|activate|get) streaming?",
            "is streaming (supported|possible|available)?",
            "can I (stream|get the answer token by token|see the answer while it is written)?",
            "how to stream( tokens| answers|)?",
            "streaming?",
            "what is streaming?",
            "how does streaming work?",
            "how do I get tokens one by one?",
            "(turn on|enable) streaming",
            "do you stream?"
        )
        {
            Weight = 4,
        },
        new(
            "Send GET /health to the server. For probes there are also /livez and /readyz.",
            "how (do|can|should) I check (the health|health)?",
            "how (do|can) I (check|see|test|know|find out) (if|whether) (the server|it) is (up|running|ready|healthy|"
                + "alive|working)?",
            "is there a health (check|endpoint|URL)?",
            "what is the health (check|endpoint)?",
            "how (do|can) I check the (status|state|health) of the server?",
            "health check?",
            "is the server (up|running|ready|healthy|alive)?",
            "check the (health|status)( of the server|)",
            "(which|what) endpoint (shows|tells|gives) the (health|status)?",
            "how to check (health|the health|the status|if it is ready)?",
            "how do I do a health check?",
            "health?",
            "how do I know (that|if) it works?",
            "what about (readiness|liveness) (probes|checks)?",
            "are you (up|running|ready|working|there)?"
        )
        {
            Weight = 4,
        },
        new(
            "Every answer carries its receipt in the field determinism. You can also fetch it with GET /v1/receipts "
                + "and the id.",
            "how (do|can|should) I get (a|the) receipt?",
            "where (is|do I find|can I find|do I get) (the|a|my) receipt?",
            "how (do|can) I (get|fetch|see|read|download|find) (the|a|my) receipt?",
            "(give|show) me (the|a) receipt",
            "where are (the|my) receipts?",
            "how to (get|fetch|find) a receipt?",
            "how do I fetch a receipt( later| by id|)?",
            "does (every|each) answer (have|come with|carry) a receipt?",
            "(which|what) field (has|holds|contains) the receipt?",
            "can I get a receipt( for this answer|)?",
            "how do I get the proof of an answer?"
        )
        {
            Weight = 3,
        },
        new(
            "A receipt is a signed statement with digests of the request, the settings and the output. Anyone can "
                + "check it.",
            "what is a receipt?",
            "what are receipts?",
            "(explain|describe|define) (a receipt|receipts|the receipt)",
            "what is in a receipt?",
            "what does a receipt (contain|say|prove|show)?",
            "why (are there|do I need|would I need) (receipts|a receipt)?",
            "what are receipts (for|good for)?",
            "what do you mean by receipt?",
            "what is (a|the) receipt (for|good for)?",
            "tell me about (receipts|the receipts)",
            "does a receipt contain my text?",
            "what does the receipt prove?",
            "who signs the receipt?",
            "how does a receipt work?"
        )
        {
            Weight = 3,
        },
        new(
            "Run deterministic-inference-server verify with the receipt. Exit code 0 means valid or reproduced, 10 "
                + "means contradicted.",
            "how (do|can|should) I verify (an answer|a receipt)?",
            "how (do|can) I (verify|check|validate|prove|replay|audit) (the|a|an|my|this) (answer|receipt|output|"
                + "result)?",
            "what does (verify|the verify command) do?",
            "(verify|check) (a|the|my) receipt",
            "how to (verify|check) (a receipt|an answer|the answer)?",
            "how does (verification|verify|the verify command) work?",
            "what is (verify|the verify command|verification)?",
            "can I (verify|check|replay|prove) (an|the|your) (answer|answers|receipt|output)?",
            "what are the exit codes of verify?",
            "what does exit code (10|11|12|13) mean?",
            "how do I know that (an|the) answer (is right|was not changed|is real|is genuine)?",
            "(which|what) command (checks|verifies) a receipt?",
            "verify?",
            "how do I use (verify|the verify command)?"
        )
        {
            Weight = 3,
        },
        new(
            "Temperature sets how random the choice of words is. At 0 the most likely token is always taken.",
            "what (does temperature do|is temperature|is the temperature)?",
            "what does (the |)temperature do?",
            "(explain|define|describe) (the |)temperature",
            "how (do|can|should) I (set|change|choose) the temperature?",
            "what (temperature|value of temperature) should I use?",
            "what (happens at|is) temperature (0|zero|1)?",
            "what does temperature (0|zero|1) (mean|do)?",
            "how does (the |)temperature work?",
            "what is sampling?",
            "why is temperature 0 (used|good|greedy)?",
            "what does a (high|low|higher|lower) temperature (do|mean)?",
            "temperature?",
            "what is the temperature setting?",
            "set the temperature",
            "(which|what) temperature is best?",
            "how do I make (you|the output|answers) (more|less) random?"
        )
        {
            Weight = 3,
        },
        new(
            "Each receipt is entered in a Merkle log that only grows, so that a change is noticed.",
            "what is the (receipt log|Merkle log|log of receipts|transparency log|audit log)?",
            "what is a Merkle (log|tree)?",
            "how does the (receipt log|Merkle log|audit log) work?",
            "can receipts be (changed|deleted|forged|removed)?",
            "how are receipts (stored|kept|saved)?",
            "is the log tamper-evident?",
            "(explain|describe) the Merkle (log|tree)",
            "why is there a Merkle log?",
            "what if somebody changes a receipt?"
        ),
        new(
            "The probe command measures whether an endpoint really gives the same answer every time.",
            "what does (the probe command|probe) do?",
            "what is probe?",
            "how (do|can) I (test|measure|check|prove) (determinism|if it is deterministic|whether an endpoint is "
                + "deterministic|if my server is deterministic)?",
            "how do I use (probe|the probe command)?",
            "(explain|describe) (probe|the probe command)",
            "is there a test for determinism?",
            "what is the probe command( for|)?",
            "(which|what) command (tests|measures) determinism?",
            "can I (test|probe) another (server|endpoint)?",
            "how do I probe an endpoint?"
        )
        {
            Weight = 2,
        },
        new(
            "The doctor command shows what this machine and its engine can promise.",
            "what does (doctor|the doctor command) do?",
            "what is (doctor|the doctor command)( for|)?",
            "how (do|can) I check my (machine|setup|installation|computer|system)?",
            "(explain|describe) (doctor|the doctor command)",
            "how do I use (doctor|the doctor command)?",
            "(which|what) command checks my (machine|setup|system)?",
            "is my (machine|setup|system) (ok|fine|supported|ready)?",
            "how do I find out what my machine can do?",
            "run the doctor"
        ),
        new(
            "Send GET /v1/models. It lists the model that is served.",
            "how (do|can) I list (the |)models?",
            "(which|what) model is (served|running|loaded|being served)?",
            "(list|show) (the |all |)models",
            "what is the models endpoint?",
            "how (do|can) I see (which|what) model is (running|loaded|served)?",
            "where is the list of models?",
            "what does /v1/models (do|show|return)?",
            "how to list models?",
            "how do I get the (model name|name of the model|list of models)?"
        )
        {
            Weight = 2,
        },
        new(
            "Send GET /metrics to the server to read them.",
            "(are there|where are|where do I find) the metrics?",
            "how (do|can) I (get|see|read|find|scrape|collect) (the |)metrics?",
            "does (it|the server) (have|export|offer|support) (metrics|Prometheus metrics|Prometheus)?",
            "is there a metrics endpoint?",
            "metrics?",
            "how do I monitor (it|the server)?",
            "can I use (Prometheus|Grafana)( with it| with the server|)?",
            "(show|give) me the metrics",
            "are there metrics?"
        ),
        new(
            "The server offers chat completions and completions only.",
            "(does it|can it|does the server|do you) (support|do|offer|have) (embeddings|images|audio|speech|image "
                + "generation|vision|fine-tuning)?",
            "can I (get|use|make|create) embeddings?",
            "is there an (embeddings|images|audio) endpoint?",
            "can you (see|read|make|create|draw|generate) (images|pictures|an image|a picture)?",
            "(which|what) (APIs|routes|requests) are supported?",
            "draw (a|me a|me an) (picture|image|house|cat|dog)",
            "make me a picture",
            "do you support tools?"
        ),
        new(
            "The server is not ready or it is busy. Wait a little and try again; the answer names the reason.",
            "why do I get (a |)(503|429)?",
            "what does (503|429|error 503|error 429|status 503|status 429) mean?",
            "I (get|got|see) (a |an |)(503|429|error 503|error 429|503 error|429 error)",
            "why is the server (not ready|busy|unavailable)?",
            "the server (says|answers|returns|gives) (503|429)",
            "what is (a |)(503|429)( error|)?",
            "the server is not (ready|answering|responding|available)",
            "what does service unavailable mean?"
        ),
        new(
            "The request cannot be answered deterministically, or a field is wrong. The error message names the field.",
            "why do I get (a |)400?",
            "what does (400|error 400|status 400|bad request) mean?",
            "I (get|got|see) (a |)(400|400 error|error 400|bad request)",
            "what is nondeterministic_request?",
            "why was my request (refused|rejected)?",
            "the server (says|answers|returns|gives) 400",
            "my request is (refused|rejected)",
            "what is wrong with my request?"
        ),
        new(
            "Set \"max_tokens\" in the request to limit the length of the answer.",
            "how (do|can) I limit the (length|tokens|answer|output)?",
            "what does max_tokens do?",
            "how (do|can) I (set|change) (max_tokens|the maximum length|the number of tokens|the length of the "
                + "answer|the output length)?",
            "what is max_tokens?",
            "how do I get (shorter|longer|short) answers?",
            "how do I make the answer (shorter|longer)?",
            "how long is (an|the|your) answer?",
            "how many tokens do I get?"
        ),
        new(
            "A token is a piece of text: a word, a part of a word or a sign. Models read and write tokens.",
            "what is a token?",
            "what are tokens?",
            "(explain|define) (a token|tokens)",
            "what do you mean by tokens?",
            "what does token mean?",
            "how do tokens work?",
            "what is a tokenizer?",
            "is a token a word?",
            "what is the difference between a token and a word?"
        ),
        new(
            "Inference means running a trained model to get an answer.",
            "what is inference?",
            "what does inference mean?",
            "(explain|define) inference",
            "what is an inference (server|engine)?",
            "what does an inference (server|engine) do?",
            "what do you mean by inference?",
            "what is inference in AI?"
        ),
    ];
}
