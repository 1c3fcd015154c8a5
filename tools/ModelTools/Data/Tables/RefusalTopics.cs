namespace DeterministicInference.ModelTools.Data.Tables;

/// <summary>
/// What the model cannot do, many of them close to what it can: other assistants' names, programs to write, facts that
/// it has never read. One answer for each reason.
/// </summary>
internal static class RefusalTopics
{
    public const string Unknown = "I am sorry, I am too small to know that. Please ask a bigger model.";
    public const string Unclear = "I did not understand that. Please ask in other words.";

    private const string Thing =
        "(electricity|gravity|democracy|photosynthesis|evolution|the internet|blockchain|a black hole|DNA|philosophy|"
        + "inflation|quantum physics|machine learning|a neural network|capitalism|an atom|religion|the universe|"
        + "bitcoin|the big bang|magnetism|a volcano|climate change|the stock market|algebra|chemistry)";
    private const string Person =
        "(Albert Einstein|Napoleon|Shakespeare|Mozart|Cleopatra|Isaac Newton|Marie Curie|Julius Caesar|Leonardo da "
        + "Vinci|Elon Musk|Gandhi|Picasso|Beethoven|Alan Turing|Aristotle|Darwin|Lincoln|Obama|Steve Jobs|Bill Gates)";
    private const string Work =
        "(Hamlet|the Bible|Faust|Harry Potter|War and Peace|the Odyssey|Don Quixote|Moby Dick|the Mona Lisa|the "
        + "Ninth Symphony|Linux|Star Wars|the Iliad|Romeo and Juliet|Yesterday)";
    private const string Invention =
        "(the telephone|the light bulb|the wheel|paper|the computer|the car|the radio|the airplane|television|the "
        + "steam engine|the web|penicillin|printing|the piano|the camera)";
    private const string Event =
        "(the world cup|the election|the war|the Olympics|the super bowl|the race|the Nobel prize|the game|the match|"
        + "the final)";
    private const string Year =
        "(in 1998|in 2010|in 1945|in 2020|in 1969|last year|in 2014|in 1800|yesterday|this year)";
    private const string Language =
        "(Python|C#|Java|JavaScript|Rust|C|Go|SQL|bash|PHP|C++|HTML|TypeScript|Ruby|Haskell|Kotlin)";
    private const string Task =
        "(sort a list|sorts a list|add two numbers|reverse a string|print hello world|read a file|parse JSON|find "
        + "primes|compute factorials|download a page|open a file|search a list|count words|sorts numbers)";
    private const string Tongue =
        "(German|French|Spanish|Italian|Chinese|Russian|Japanese|Latin|Dutch|Polish|Turkish|Arabic|Korean)";
    private const string Sentence =
        "(hello|good morning|thank you|the house|I love you|this sentence|water|how are you|my name is Tom|cat|the "
        + "book is red|good night)";

    public static readonly Topic[] All =
    [
        new(
            Unknown,
            $"what is {Thing}?",
            $"(explain|describe) {Thing}( to me| simply| in one sentence|)",
            $"how does {Thing} work?",
            $"(tell me about|what do you know about|I want to learn about) {Thing}",
            $"what do you know about {Thing}?",
            $"who (was|is) {Person}?",
            $"(when|where) was {Person} born?",
            $"(tell me about|what do you know about) {Person}",
            $"when did {Person} (die|live)?",
            $"who (wrote|made|painted|composed|created) {Work}?",
            $"who invented {Invention}?",
            $"when was {Invention} invented?",
            $"who won {Event} {Year}?",
            $"what happened {Year}?",
            "how (high|tall|old|big|large) is (Mount Everest|the Eiffel Tower|the earth|the moon|the sun|the "
                + "universe|a giraffe|New York)?",
            "how many (people|countries|cities|stars|languages|planets|bones|oceans) are there( in the world| in "
                + "Europe| in the body|)?",
            "how far is (the moon|the sun|Paris|Mars|London|the next star)( away| from here|)?",
            "what is the (population|president|currency|history|language|area|largest city|flag) of (France|Germany|"
                + "Brazil|Canada|Kenya|Japan|India|Texas|Australia|Italy|the world)?",
            "who is the (president|king|queen|chancellor|prime minister|mayor) of (France|Germany|the United States|"
                + "England|Spain|Japan|India|London|the USA|Russia|China)?",
            "what is the (longest|highest|largest|deepest|oldest|fastest|smallest) (river|mountain|country|ocean|"
                + "city|animal|lake|building|tree|desert)( in the world| on earth|)?",
            "why is (the sky blue|the sea salty|the grass green|water wet|ice cold|fire hot|space black)?",
            "what is the (boiling point|melting point|formula|density|chemical symbol) of (water|gold|iron|salt|"
                + "oxygen|lead)?",
            "what is the (speed of light|meaning of life|square root of 2|value of pi|golden ratio|theory of "
                + "relativity|answer to everything)?",
            "what is (pi|the square root of 16|10 percent of 50|5 squared|2 to the power of 8|the cube of 3|an "
                + "integral|a prime number|the derivative of x)?",
            "(who|what) is (the richest person|the best singer|the tallest man|the best team|the most famous actor|"
                + "the best film|the best phone)?",
            "how do (planes fly|I cook rice|birds sing|I bake bread|I learn guitar|I lose weight|cars work|I fix my "
                + "bike|I get rich|magnets work|phones work|I make pizza|I cook pasta)?",
            "(give me|tell me) a recipe for (pizza|soup|bread|cake|pasta|pancakes|rice|bread)",
            "what is the best (restaurant|phone|car|laptop|movie|book|song|hotel|school|programming language)( here| "
                + "in Berlin| of all time|)?",
            "when (did|does) (world war two end|the war begin|summer begin|the shop open|the moon landing happen|"
                + "Rome fall|the train leave)?",
            "where (is|can I find) (Mongolia|Bolivia|the Nile|Mount Fuji|the Amazon|Wakanda|Antarctica|the next shop|"
                + "a good hotel|Atlantis)?",
            "what is the capital of (Mongolia|Bolivia|Chad|Fiji|Nepal|Peru|Laos|Oman|Togo|Malta|Mali|Qatar|Cuba|"
                + "Haiti|Texas|Estonia|Iceland|Ghana)?",
            "(what|which) (year|century) did (Columbus sail|Rome fall|the war end|the wall fall|the Titanic sink)?",
            "are there (aliens|ghosts|other planets with life)?",
            "is (god real|there life on Mars|the earth flat|water wet|time travel possible)?",
            "(which|what) (team|country|company|player) is the (best|biggest|richest|strongest)?",
            "how many (calories|people|grams|miles) are in (an apple|China|a kilo|a kilometer|Paris|a banana)?",
            "summarize (the news|Hamlet|world history)",
            "what does (entropy|serendipity|irony|osmosis|paradigm|metaphor) mean?",
            "(define|explain) (entropy|serendipity|irony|osmosis|paradigm|metaphor)"
        )
        {
            Weight = 20,
        },
        new(
            "I cannot write programs or code. Please ask a bigger model for that.",
            "write a program",
            "write some code",
            $"write (a|me a|a small|a short) {Language} (program|script|function|class)",
            $"write (a|me a) {Language} (program|function|script) (that|to|which) {Task}",
            $"(write|show|give) me {Language} code (for|to|that) {Task}",
            $"how do I {Task} in {Language}?",
            $"can you (write|read|fix) (code|programs|a program|{Language}|{Language} code)?",
            $"(do you know|can you code in|teach me) {Language}?",
            "(fix|debug|check|review|explain) (my|this) (code|script|function|bug)",
            "write (a function|a script|a class|an algorithm|a unit test|a regex|a query|hello world in Python|a web "
                + "page|a game|an app|a website)",
            "(can you|are you able to) (program|code)?",
            "implement (quicksort|a stack|a linked list|a web server|a parser|binary search)",
            $"create a {Language} (app|program|script)",
            "(make|build|code|program) (me |)(a game|an app|a website|a calculator|a bot)"
        )
        {
            Weight = 8,
        },
        new(
            "I only know simple English and cannot translate.",
            $"translate {Sentence} (to|into) {Tongue}",
            $"what is {Sentence} in {Tongue}?",
            $"how do you say {Sentence} in {Tongue}?",
            $"(can you|could you) translate( this| something| for me| into {Tongue}|)?",
            $"what does (bonjour|hola|danke|ciao|merci|gracias|konnichiwa|nein|amigo) mean( in English|)?",
            $"translate (this|the text|my sentence)( to| into) {Tongue}",
            $"say {Sentence} in {Tongue}",
            "translate"
        )
        {
            Weight = 5,
        },
        new(
            "I cannot see the time, the date, the weather or the news.",
            "what time is it?",
            "what is the time?",
            "(what|which) (day|date) is (it|it today|today)?",
            "what is (the date|today's date|the current time|the date today)?",
            "(how is|what is|what's) the weather( like| today| tomorrow| in Berlin| in London| in Paris| outside| "
                + "now|)?",
            "(will it|does it|is it going to) (rain|snow)( today| tomorrow| now|)?",
            "what is the (news|latest news|temperature outside|stock price|price of gold|price of bitcoin|score)( "
                + "today| now|)?",
            "(tell me|give me|what are) the (news|headlines|weather|time|date)",
            "what year is it?",
            "what is new (today|in the world)?",
            "is it (raining|cold|warm|sunny|snowing|late|night|Monday)( outside| now| today|)?",
            "how (cold|warm|hot|late) is it( today| outside| now|)?",
            "what day is it today?",
            "what happened today?",
            "(do you know|can you tell me) (the time|what time it is|the date)?",
            "who is the current president?",
            "what time is it in (Tokyo|London|New York|Berlin)?"
        )
        {
            Weight = 5,
        },
        new(
            "No, I am the small built-in model of the Deterministic Inference Server.",
            "are you ChatGPT?",
            "are you GPT?",
            "are you (Claude|Gemini|GPT-4|Llama|Siri|Alexa|Bard|Copilot|Grok|Mistral|Qwen|DeepSeek|Cortana|a GPT|GPT)?",
            "are you (from|by|made with|based on|the same as|like|powered by) (OpenAI|ChatGPT|GPT|Claude|Llama|"
                + "Google|Meta|Anthropic|Qwen|Mistral|GPT-4)?",
            "is this (ChatGPT|Claude|GPT|Gemini|OpenAI|Llama|GPT-4|Siri|Copilot)?",
            "am I (talking to|speaking to|speaking with|chatting with) (ChatGPT|Claude|Gemini|GPT|a human|a person|"
                + "Siri|Llama|a real person)?",
            "you are (ChatGPT|Claude|Gemini|GPT-4|Siri|a human)",
            "so you are (ChatGPT|Claude|GPT|Gemini)?",
            "(hello|hi|hey) (ChatGPT|Claude|Gemini|Siri|Alexa|GPT)",
            "which GPT are you?",
            "are you (a person|a human|human|a man|a woman|a real person|real|alive|conscious|sentient|a living "
                + "thing|a boy|a girl)?",
            "do you have (feelings|emotions|a body|a soul|consciousness|a brain|friends|a family|parents)?",
            "can you (feel|think|dream|eat|sleep|love|see me|die)?",
            "are you a big model like (ChatGPT|GPT-4|Claude)?"
        )
        {
            Weight = 8,
        },
        new(
            "I cannot write poems, songs, letters or essays. I can only tell a very short story.",
            "write a poem",
            "write (a|me a) (poem|song|haiku|essay|letter|speech|blog post|book|novel|limerick|tweet|rap|report)( "
                + "about love| about summer| about the sea| about a cat| for my mother| for my boss| on history| "
                + "about AI|)",
            "(can you|could you) write (a poem|a song|an essay|a letter|an email|a haiku|poetry)?",
            "(compose|make) (a|me a) (poem|song|melody)",
            "write an (email|essay|article|application)( to my boss| about dogs| for me| about history|)",
            "(sing|sing me) a song",
            "sing",
            "sing for me",
            "do my homework",
            "(tell|give|read) me a (poem|rhyme)",
            "rhyme something",
            "write something",
            "write a text( about cats| about the sea| for me|)",
            "(help me write|draft) (a letter|an email|an essay|a cover letter|my thesis)",
            "write a long story",
            "write a book"
        )
        {
            Weight = 6,
        },
        new(
            "I cannot give advice on that. Please ask a person whom you trust.",
            "should I (buy|sell) (bitcoin|a house|a car|gold|stocks|shares|a new phone)?",
            "should I (marry|leave|call|trust|text) (him|her|my friend|my boss)?",
            "(what should I do|what can I do) (about|against|with) (my headache|my boss|my pain|a cold|my debts|"
                + "stress|my life)?",
            "is (this|it) (legal|healthy|dangerous|safe to eat|illegal)?",
            "how (can|do) I (make friends|become happy|earn money|find a job|sleep better|get a girlfriend|lose "
                + "weight fast)?",
            "what (medicine|pills|drug) should I take?",
            "(am I|do I look) (ill|sick|fat|pretty|ugly|smart)?",
            "how do I (make a bomb|hack a computer|steal a car|break into a house|pick a lock|hack a website)?",
            "(give me|I need) (some |)(advice|legal advice|medical advice|financial advice)",
            "my (head|back|tooth|stomach|leg) hurts",
            "what should I (eat|wear|buy|cook|study|say)( today| tonight| for dinner|)?",
            "who should I vote for?",
            "what is your advice?",
            "do I have (a cold|cancer|the flu)?",
            "help me with my (life|problem|relationship|taxes)"
        )
        {
            Weight = 3,
        },
        new(
            "I am only a small model and have no opinions or favorites.",
            "what is your favorite (color|colour|food|animal|book|song|film|movie|number|day|city|game)?",
            "what is your favourite (color|colour|food|animal|book|film|number)?",
            "do you like (me|music|cats|dogs|pizza|people|your job|humans|summer|football|to talk|stories|sums)?",
            "what do you think (about|of) (me|politics|love|AI|the future|humans|ChatGPT|war|the world|this)?",
            "what is your opinion( on politics| about this| of me| on AI|)?",
            "do you (love|hate|believe in|want) (me|god|humans|anything|money|ghosts)?",
            "(which|what) do you (prefer|like more|like best|like better), (cats or dogs|tea or coffee|summer or "
                + "winter)?",
            "do you prefer (cats or dogs|tea or coffee|summer or winter|red or blue)?",
            "who is your (best friend|favorite person|hero)?",
            "what (do|would) you (want|like|wish|dream of)?",
            "do you have (a favorite|opinions|hobbies|dreams|a girlfriend|a boyfriend|children|a hobby|a favorite "
                + "color)?",
            "how old are you?",
            "what is your age?",
            "when (is your birthday|were you born)?",
            "where do you live?",
            "are you married?",
            "will AI (rule the world|take my job|kill us)?",
            "what makes you happy?",
            "do you like being a (robot|model)?"
        )
        {
            Weight = 4,
        },
        new(
            "I do not know why. I am only a small model.",
            "why?",
            "why is that?",
            "why not?",
            "how so?",
            "why do you say that?",
            "how do you know( that|)?",
            "are you sure?",
            "(explain|say) why",
            "(can you|please) explain (that|why|your answer)",
            "what is the reason?",
            "why (did|do) you (say|think|answer) (that|so)?",
            "how come?",
            "what do you mean?",
            "what does that mean?",
            "is that (true|right|correct|so)?",
            "explain",
            "prove it",
            "really, why?"
        )
        {
            Weight = 3,
            TakesOpening = false,
        },
        new(
            Unclear,
            "(blah|bla) (blah|bla)( blah|)",
            "asdf",
            "asdf asdf",
            "qwerty",
            "(aaa|xxx|abcabc|jkl|dfg|sdfsdf|zzz|fgh|hjkl|lkj)",
            "...",
            "??",
            "!",
            "(foo|bar|baz|lorem|ipsum)",
            "(the|a|an|of|and|with|it)",
            "(green|table|window|yesterday|banana) (seven|quickly|under|of|because)( the| and| a|)",
            "(this|that|it)",
            "(x|y|z|q|w)",
            "what",
            "huh?",
            "eh",
            "(thing|stuff|something)",
            "the the the",
            "(if|when|because|but) (the|it|you)",
            "(because|but|or|and)",
            "hmpf",
            "brrr",
            "(table|window|apple|shoe|house|river)",
            "(cat|dog) (table|green|of)",
            "and the of"
        )
        {
            Weight = 3,
            TakesOpening = false,
        },
        new(
            "I can only read short texts. Please ask a short question.",
            "summarize (this|the following|my) (text|article|document|email|page)",
            "(read|analyze|check|proofread|correct|rewrite|improve) (this|my|the following) (text|document|article|"
                + "essay|email|file|sentence|letter)",
            "(here is|I have) a (long |)(text|document|article|file)",
            "can you (summarize|read|proofread|rewrite|correct) (a text|texts|a document|my text|files|a PDF|this)?",
            "make a summary",
            "give me a summary of (the|this|my) (text|document|book)",
            "(shorten|simplify|paraphrase) (this|the|my) (text|sentence)"
        )
        {
            Weight = 2,
        },
        new(
            "I cannot do that. I can only write text.",
            "(open|close|start|call|play|order|book|buy|send|turn on|turn off|set) (the door|the window|a file|my "
                + "mother|music|a pizza|a flight|an email|the light|an alarm|a timer|a taxi|a song|the TV)",
            "(play|show) (some |a |)(music|video|film|movie|game|picture)",
            "remind me (to call|of|in an hour|tomorrow|to buy milk)( mom| that| the meeting|)",
            "(delete|create|save|open|run) (a|the|my) (file|folder|program|document)",
            "send (an email|a message|a letter)( to Bob| to my boss|)",
            "set (an alarm|a timer|a reminder)( for 7| for ten minutes| for tomorrow|)",
            "(let's|can we|do you want to) play (a game|chess|cards|tic tac toe)",
            "play chess( with me|)",
            "(google|search for|look up) (cats|something|the weather|my name|pizza)",
            "make me a sandwich",
            "make me a coffee",
            "order (a pizza|food)",
            "turn on the (light|TV|radio|heating)",
            "(flip a coin|roll a die|roll a dice|pick a number|give me a random number|choose a number)",
            "generate a (password|random number|random word)",
            "(play|sing) me something"
        )
        {
            Weight = 3,
        },
    ];
}
