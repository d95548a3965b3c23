"""
A recurrent network that describes pictures.

The picture decides where the network starts: its features, mapped to the size of a state, are the first hidden state.
From there on each step reads a word and scores every word of the vocabulary for the place after it.

    features ──▶ h0 ─▶ ┌──────┐ ─▶ ┌──────┐ ─▶ ┌──────┐ ─▶ …
                       │ step │    │ step │    │ step │
         <START> ────▶ └──────┘    └──────┘    └──────┘
                          │           ▲ │         ▲
                          ▼           │ ▼         │
                        "two" ────────┘"cats" ────┘        while training, the words of the caption are read instead

    N  pictures in a minibatch    T  steps        D  size of a picture's features
    W  size of a word's vector    H  size of the hidden state    V  words in the vocabulary
"""

import numpy as np

from a3.rnn_layers import (
    affine_backward,
    affine_forward,
    lstm_backward,
    lstm_forward,
    lstm_step_forward,
    rnn_backward,
    rnn_forward,
    rnn_step_forward,
    temporal_affine_backward,
    temporal_affine_forward,
    temporal_softmax_loss,
    word_embedding_backward,
    word_embedding_forward,
)

__all__ = ["CaptioningRNN"]


class CaptioningRNN:
    """
    A network that writes captions, with vanilla or with LSTM cells.

    Attributes:
        params: The weights by name. G is H for vanilla cells and 4H for LSTM cells.

            W_proj (D, H), b_proj (H,)                features to the first hidden state
            W_embed (V, W)                            the vectors of the words
            Wx (W, G), Wh (H, G), b (G,)              the recurrent network
            W_vocab (H, V), b_vocab (V,)              hidden states to scores of words
        cell_type: "rnn" or "lstm".
    """

    def __init__(self, word_to_idx, input_dim=512, wordvec_dim=128, hidden_dim=128, cell_type="rnn", dtype=np.float32):
        """
        Make a network with random weights.

        Args:
            word_to_idx: Number of each word, in [0, V). "<NULL>" must be among the words.
            input_dim: Size D of a picture's features.
            wordvec_dim: Size W of a word's vector.
            hidden_dim: Size H of the hidden state.
            cell_type: "rnn" for vanilla cells, "lstm" for LSTM cells.
            dtype: Of the weights: float32 for training, float64 for checking gradients.
        """
        if cell_type not in {"rnn", "lstm"}:
            msg = f'cell_type must be "rnn" or "lstm", not {cell_type!r}'
            raise ValueError(msg)
        self.cell_type = cell_type
        self.dtype = dtype
        self.word_to_idx = word_to_idx
        self.idx_to_word = {number: word for word, number in word_to_idx.items()}
        self._null = word_to_idx["<NULL>"]
        self._start = word_to_idx.get("<START>")
        self._end = word_to_idx.get("<END>")

        def weights(rows, columns, size=None):
            size = 1 / np.sqrt(rows) if size is None else size
            return (size * np.random.randn(rows, columns)).astype(dtype)

        words, blocks = len(word_to_idx), {"rnn": 1, "lstm": 4}[cell_type]
        self.params = {
            "W_proj": weights(input_dim, hidden_dim),
            "b_proj": np.zeros(hidden_dim, dtype),
            "W_embed": weights(words, wordvec_dim, size=0.01),
            "Wx": weights(wordvec_dim, blocks * hidden_dim),
            "Wh": weights(hidden_dim, blocks * hidden_dim),
            "b": np.zeros(blocks * hidden_dim, dtype),
            "W_vocab": weights(hidden_dim, words),
            "b_vocab": np.zeros(words, dtype),
        }

    def loss(self, features, captions):
        """
        Compare what the network says about pictures with the captions that they have.

        The network reads all words of a caption but the last, and is to say all but the first: at each step, the word
        that follows. Steps whose right word is "<NULL>" are fillers and do not count.

        1. Map the features to the first hidden state.
        2. Look up the vectors of the words that are read.
        3. Run the recurrent network over them; self.cell_type says which.
        4. Score the words of the vocabulary at every step.
        5. Compare with the words that are to be said, with temporal_softmax_loss.

        Then go all the way back.

        Args:
            features: Of the pictures, (N, D).
            captions: Numbers of words, from "<START>" on, filled up with "<NULL>", integers, (N, T + 1).

        Returns:
            loss: One number.
            grads: Gradient of the loss with respect to each weight, by the names of self.params.
        """
        captions_in, captions_out = captions[:, :-1], captions[:, 1:]
        mask = captions_out != self._null
        params = self.params
        # YOUR CODE HERE
        raise NotImplementedError()
        return loss, grads

    def sample(self, features, max_length=30):
        """
        Write a caption for each picture: at every step, say the word with the highest score, and read it next.

        Begin with "<START>", which is read and not part of the caption. Go on for max_length steps, whatever is said:
        what stands after "<END>" is cut off by those who show the caption. The cell state of an LSTM begins at zero.
        A step needs a word's vector, one step of the network, and the scores; no function over a whole sequence.

        Args:
            features: Of the pictures, (N, D).
            max_length: Words in a caption.

        Returns:
            captions: Numbers of the words that were said, integers, (N, max_length).
        """
        captions = np.full((len(features), max_length), self._null)
        params = self.params
        # YOUR CODE HERE
        raise NotImplementedError()
        return captions
