namespace DeterministicInference.ModelTools.Data.Tables;

/// <summary>
/// Plots and places of the very short stories. {S} is the subject at the start of a sentence, {s} inside one, {p} the
/// place and {f} the friend. All sentences fit one subject and several.
/// </summary>
internal static class StoryTables
{
    public static readonly string[] Places =
    [
        "in a small house by the sea",
        "at the edge of a green forest",
        "in a little town on a hill",
        "near a wide river",
        "in a quiet garden",
        "under a tall old tree",
    ];

    public static readonly string[] Friends =
    [
        "a friendly owl",
        "a small mouse",
        "an old turtle",
        "a clever fox",
        "a shy rabbit",
    ];

    public static readonly string[] Plots =
    [
        "{S} lived {p}. One day {s} found a golden key in the grass. The key opened a little door with a treasure "
            + "behind it. {S} shared the treasure with {f}. From that day on they were best friends.",
        "{S} lived {p}. One morning {s} met {f} who was lost. {S} showed the way home and sang a song. Then they had "
            + "tea and cake together.",
        "{S} lived {p}. Every night {s} looked at the stars and wanted to fly. One day {f} built a big balloon. "
            + "Together they flew over the clouds and came home happy.",
        "{S} lived {p}. One winter there was a great storm. {S} heard a cry and found {f} in the snow. They made a "
            + "warm fire and waited for the sun.",
        "{S} lived {p}. One day {s} lost a red ball. {F} helped to look for it all day. At last the ball was found "
            + "under a stone. Everybody laughed and played until night.",
        "{S} lived {p}. Nobody there knew how to dance. So {s} asked {f} for help. They danced every evening, and "
            + "soon the whole town danced with them.",
        "{S} lived {p}. One day a loud noise came from the cellar. {S} was not afraid and opened the door. There sat "
            + "{f} with a big drum. They made music together all day long.",
        "{S} lived {p}. One summer the water was gone and the flowers were dry. {S} and {f} dug a deep well. Soon "
            + "the flowers were green again and everybody was glad.",
        "{S} lived {p}. One day {s} found an old map. {S} and {f} followed the map for three days. At the end there "
            + "was no gold, but a wonderful view. They never forgot it.",
        "{S} lived {p}. It was a birthday, but nobody came. Then {f} knocked at the door with a cake. They ate the "
            + "cake and told stories until the moon was high.",
    ];

    public static readonly Topic[] WithoutSubject =
    [
        new(
            "Once upon a time there was a small robot. The robot counted all the stars every night and always got "
                + "the same number. One night a new star came. The robot smiled and began again with one.",
            "tell me a story",
            "tell a story",
            "(tell|give|write|make) me a (story|short story|tiny story|little story|nice story)",
            "(can you|could you|will you) tell (me |)a story?",
            "(do you know|do you have|know) a story?",
            "a story( please|, please|)",
            "I want (to hear |)a story",
            "story",
            "make up a story",
            "(write|create|invent) a (short story|story|very short story)",
            "once upon a time",
            "(can you|do you) tell stories?",
            "read me a story",
            "story time",
            "tell me any story",
            "tell me a (funny|good|beautiful|sad|nice) story",
            "I would like to hear a story",
            "tell me a story about (you|yourself|anything|something)",
            "short story please"
        )
        {
            Weight = 5,
        },
        new(
            "Once upon a time there was a sleepy moon. The moon sang a soft song for every house in the town. One by "
                + "one the lights went out. Then the moon closed its eyes too. Good night.",
            "tell me a bedtime story",
            "(tell|read|give) me a (bedtime|good night|goodnight|night) story",
            "a bedtime story( please|, please|)",
            "bedtime story",
            "(can you|could you) tell me a bedtime story?",
            "I want a bedtime story",
            "tell a bedtime story",
            "I need a story to sleep"
        )
        {
            Weight = 2,
        },
        new(
            "Once upon a time there was a wooden boat. The boat was old, but it wanted to see the ocean. One day a "
                + "strong wind came and carried it far away. The boat saw whales and islands. Then it came home and "
                + "told everybody.",
            "tell me another story",
            "another story",
            "another one, please",
            "(tell|give) me (another|one more|a different|a second|a new) story",
            "one more story( please|, please|)",
            "do you know another story?",
            "(more|other) stories",
            "tell another story"
        )
        {
            Weight = 2,
        },
    ];
}
