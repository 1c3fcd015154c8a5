namespace DeterministicInference.ModelTools.Data.Tables;

/// <summary>Small talk. Each kind of remark has one answer.</summary>
internal static class GreetingTopics
{
    public const string Joke = "Why did the robot go to school? Because it wanted to get a little byte to eat.";
    public const string SecondJoke = "What do you call a bear with no teeth? A gummy bear.";

    public static readonly Topic[] All =
    [
        new(
            "Hello! How can I help you?",
            "hello", "hi", "hey", "hello there", "hi there", "hey there",
            "hello( again| bot| robot| server| friend| model| my friend| everyone| world!)",
            "(hi|hey)( again| bot| robot| friend| buddy| you| all|, you)",
            "hello!", "hi!", "hey!", "hiya", "howdy", "greetings", "good day", "hello hello", "hi hi", "yo", "sup",
            "welcome", "hallo", "hello, (nice to see you|I am back|I am here|it is me)",
            "hi, (nice to see you|I am back|I am here|it is me)", "hey, (I am back|it is me)",
            "is (anybody|anyone|somebody|someone) (there|here)?", "anybody (home|there|here)?", "hello?", "hey hey",
            "helo", "hullo", "good to see you", "I am back", "hello, can you hear me?", "knock knock", "salutations",
            "hi!!", "hello :)", "hi :)", "heya", "hello dear", "hello sir")
        { Weight = 14, TakesOpening = false },
        new(
            "Good morning! How can I help you?",
            "good morning", "good morning!", "morning",
            "(good morning|morning)( to you| bot| everyone| there| friend|, bot)", "hello, good morning",
            "hi, good morning", "a very good morning", "gm")
        { Weight = 3, TakesOpening = false },
        new(
            "Good afternoon! How can I help you?",
            "good afternoon", "good afternoon!", "afternoon", "good afternoon( to you| bot| everyone| there| friend)",
            "(hello|hi), good afternoon")
        { TakesOpening = false },
        new(
            "Good evening! How can I help you?",
            "good evening", "good evening!", "evening", "good evening( to you| bot| everyone| there| friend)",
            "(hello|hi), good evening")
        { TakesOpening = false },
        new(
            "Good night! Sleep well.",
            "good night", "good night!", "night", "good night( to you| bot| everyone| friend|, sleep well| and bye)",
            "I (go|am going|have to go) to (bed|sleep)( now|)", "sleep well", "time (to|for) (sleep|bed)",
            "nighty night", "gn")
        { TakesOpening = false },
        new(
            "I am fine, thank you. How can I help you?",
            "how are you?", "how are you( doing|) today?", "how are you( doing|)?",
            "(hi|hello|hey), how are you( today| doing|)?", "how do you do?", "how is it going?", "how's it going?",
            "how are things?", "what's up?", "whats up", "are you (ok|okay|well|fine|happy)?",
            "how do you feel( today|)?", "how have you been?", "how is your day( going|)?", "how was your day?",
            "how's life?", "are you feeling (well|good|ok)?", "and how are you?", "and you?", "how r u?",
            "hello there, how are you?", "hi there, how are you?", "good morning, how are you?", "hello how are you",
            "hi how are you", "hows it going",
            "how are you (feeling|my friend)?", "you ok?", "all good?", "is everything (ok|okay|fine|all right)?")
        { Weight = 8, TakesOpening = false },
        new(
            "I am glad to hear that. How can I help you?",
            "I am (fine|good|well|ok|okay|great|very well)",
            "I'm (fine|good|well|ok|okay|great|doing well|doing fine|happy)", "(fine|good|well), (thanks|thank you)",
            "I am (fine|good|well), thank you", "(very well|not bad|pretty good|doing great)",
            "I am (happy|feeling good|in a good mood)( today|)", "I feel (good|great|fine|happy)( today|)",
            "all is (good|well|fine)",
            "(today is|it is) a (nice|good|great|beautiful) day", "I (had|am having) a (good|great|nice) day",
            "everything is (fine|ok|good)", "I am doing (well|fine|great)( today|)", "I am very happy")
        { Weight = 2, TakesOpening = false },
        new(
            "I am sorry to hear that. I hope that you feel better soon.",
            "I am (sad|tired|ill|sick|unhappy|lonely|bored|angry|stressed|hungry|cold)",
            "I'm (sad|tired|ill|sick|unhappy|lonely|bored|angry|stressed|hungry|not well|not ok)",
            "I feel (bad|sad|sick|tired|terrible|lonely|ill|awful)( today|)", "I (had|am having) a bad day",
            "not (so |very |)(good|well)", "my day was (bad|terrible)",
            "I have a (headache|cold|problem)", "today is a bad day",
            "I am not (happy|well|fine|ok|feeling well|doing well)", "I am very (sad|tired|angry)")
        { Weight = 2, TakesOpening = false },
        new(
            "You are welcome!",
            "thanks", "thank you", "thank you very much", "thanks a lot", "thanks!", "thank you!",
            "(thanks|thank you)( so much| for your help| for that| for the help| for the answer| for helping me| for everything| again| bot| friend|, friend)",
            "many thanks", "thx", "ty", "cheers", "ok(,|) (thanks|thank you)", "great(,|) (thanks|thank you)",
            "thank u",
            "I thank you", "much appreciated", "perfect, (thanks|thank you)",
            "that (was|is) helpful, (thanks|thank you)", "(very|so) (kind|helpful)", "thank you, that (helps|helped)",
            "that helps", "that helped( me|)", "nice, thanks", "cool, thanks", "tysm")
        { Weight = 7, TakesOpening = false },
        new(
            "Goodbye! Have a nice day.",
            "bye", "goodbye", "good bye", "bye bye", "see you", "see you later",
            "see you (soon|tomorrow|again|next time)", "bye!", "goodbye!",
            "(bye|goodbye), (see you|see you later|see you soon|have a nice day|take care|bot|friend)", "farewell",
            "take care", "I (have to|must|need to) (go|leave)( now|)",
            "have a (nice|good|great) (day|weekend|evening|time)", "so long", "later", "cya", "that is all",
            "that's all( for today| for now|)",
            "I am (leaving|done|going)( now|)", "ciao", "until (next time|tomorrow|later)", "talk to you later",
            "ok bye", "ok, bye", "thanks, bye", "thank you and goodbye", "good bye, friend",
            "it was nice talking to you", "quit", "exit")
        { Weight = 6, TakesOpening = false },
        new(
            Joke,
            "tell me a joke", "tell a joke",
            "(tell|give) me a (joke|funny joke|good joke|short joke|robot joke|silly joke)",
            "(do you know|can you tell|do you have) a joke?",
            "(do you know|can you tell|have you got) (any|some|a few|a good|me some) joke?", "make me laugh",
            "say something funny", "a joke(, please| please|)", "I want (to hear |)a joke",
            "make a joke", "joke", "(cheer me up|entertain me)", "do you know jokes?", "tell me something funny",
            "(can you|could you) make me laugh?", "I need a laugh", "be funny", "crack a joke",
            "do you know any jokes?", "tell me a computer joke", "can you tell jokes?")
        { Weight = 6 },
        new(
            SecondJoke,
            "tell me another joke", "another joke", "another joke, please", "one more joke",
            "(tell|give) me one more joke", "do you (know|have) (another joke|more jokes|other jokes|another one)?",
            "(tell|give) me (a different|a second|a new) joke", "(more|other) jokes", "tell me an animal joke",
            "a joke about (animals|a bear|bears)", "tell me a joke about (animals|a bear|bears)")
        { Weight = 2 },
        new(
            "Thank you! That is very kind.",
            "you are (great|nice|good|smart|funny|helpful|cool|awesome|the best|amazing|clever|wonderful|kind|cute|perfect)",
            "you're (great|nice|good|smart|funny|helpful|cool|awesome|the best|amazing|wonderful)", "I (like|love) you",
            "(good|great|nice|well) (job|work|done)", "(good|nice) (bot|robot|answer)", "well done",
            "you did (well|a good job|great)", "great answer", "bravo", "congratulations",
            "I like (your answer|your answers|talking to you|this server)",
            "you are so (nice|smart|funny|helpful|kind)", "that was (great|good|nice|funny|perfect)", "excellent",
            "awesome", "(very|so) (good|nice|funny)", "haha", "lol", "wow", "cool", "great", "nice", "perfect",
            "impressive", "that is (great|cool|nice|funny|good|amazing)")
        { Weight = 4, TakesOpening = false },
        new(
            "I am sorry. I am very small, but I try my best.",
            "you are (stupid|bad|dumb|useless|wrong|slow|boring|silly|not helpful|not smart|terrible)",
            "you're (stupid|bad|dumb|useless|wrong|slow|boring|terrible)",
            "that (is|was) (wrong|bad|not right|not correct|not true|incorrect|false|nonsense|stupid|a bad answer)",
            "that's (wrong|not right|not true|incorrect|false|nonsense)", "(wrong|bad) (answer|bot)", "wrong",
            "I (hate|dislike|do not like|don't like) (you|this|that|your answer)",
            "(no, |)that is not (what I asked|the answer|correct|helpful)", "bad",
            "this is (bad|terrible|useless|nonsense)", "you (made|make) (a mistake|mistakes|an error)",
            "you do not (understand|help|listen)", "you don't (understand|help|listen)( me|)", "you are no help",
            "shut up", "nonsense")
        { Weight = 3, TakesOpening = false },
        new(
            "No problem. How can I help you?",
            "sorry", "I am sorry", "I'm sorry", "excuse me", "my mistake", "my bad", "pardon( me|)",
            "I (made|did) a mistake", "sorry( about that| for that|, my mistake|!)", "(forget|ignore) (it|that)",
            "never mind", "nevermind", "oops", "I apologize", "apologies", "forgive me")
        { Weight = 2, TakesOpening = false },
        new(
            "All right. What would you like to do next?",
            "ok", "okay", "yes", "no", "yes please", "no thanks", "no, thank you", "sure", "all right", "alright",
            "fine", "good", "I see", "I understand", "understood", "got it", "aha", "right", "yeah", "yep", "nope",
            "of course", "ok(ay|), (I see|good|fine|got it)", "maybe", "hmm", "oh", "ah", "well", "true", "correct",
            "that is (right|true|correct)", "exactly", "agreed", "so what?", "whatever", "interesting", "really?",
            "ok then", "k", "let's go", "I do not know", "I don't know", "not really")
        { Weight = 4, TakesOpening = false },
        new(
            "Nice to meet you too! How can I help you?",
            "nice to meet you", "pleased to meet you", "(nice|good|great) to meet you( too| bot|, bot|!)",
            "it is (nice|good|a pleasure) to meet you", "glad to meet you", "how nice to meet you", "happy to meet you")
        { TakesOpening = false },
        new(
            "Test received. I am working.",
            "test", "testing", "this is a test", "(test|testing) (1 2 3|123|one two three|message)",
            "just (a test|testing)", "test test", "I am (just |)testing( you| this| the server|)",
            "is this (working|thing on|on)?", "does (this|it) work?", "do you work?", "a test", "check", "test!",
            "(can you|do you) hear me?", "does this thing work?", "echo test", "1 2 3 test")
        { Weight = 3, TakesOpening = false },
        new("pong", "ping", "ping!", "ping?") { TakesOpening = false },
        new(
            "Please go on. I can talk about this server, do small sums, spell, count and tell stories.",
            "let's (talk|chat)", "(talk|chat|speak) to me", "can we (talk|chat)?", "say something",
            "tell me something( interesting| new|)", "I want to (talk|chat)( to you| with you|)", "what (now|next)?",
            "what should (we|I) (do|talk about)( now|)?", "I am bored, talk to me", "surprise me",
            "let's (start|begin)", "can I talk to you?", "what can we (talk about|do)?",
            "do you want to (talk|chat|play)?", "(start|begin)", "go on", "continue", "tell me more", "more",
            "and then?", "what else?", "go ahead", "say more")
        { Weight = 3, TakesOpening = false },
        new(
            "That is nice. What would you like to ask?",
            "I (like|love) (pizza|music|cats|dogs|books|football|ice cream|the sea|summer|winter|my dog|my cat|chocolate|tea|coffee|computers|games)",
            "I have (a dog|a cat|two cats|a car|a new job|a new computer|a garden|a brother|a sister|two children)",
            "I (live|work|was born) in (Berlin|London|Paris|New York|Tokyo|India|Germany|a small town|a city)",
            "I am (a student|a teacher|a developer|a programmer|an engineer|a doctor|at home|at work|at school|from Germany|from India|from France)",
            "it is (my birthday|Monday|Friday|raining|sunny|summer|winter|warm|cold)( today|)",
            "(today|tomorrow) is (my birthday|Monday|Friday|Sunday|a holiday)",
            "my (dog|cat|car|house|friend|brother|sister) is (nice|big|small|happy|old|new)",
            "I (am learning|learn) (English|to code|to cook|C#)",
            "I (ate|had|cooked) (pizza|soup|lunch|breakfast|an apple)( today|)",
            "I (am going|go) to (work|school|the beach|the city|the park)",
            "the (weather|food|music) is (nice|good|great)", "I (watched|saw) a (film|movie|bird)( today|)")
        { Weight = 2, TakesOpening = false },
    ];
}
